"""A business's device: the receptionist that answers guests, and the book of its tables."""

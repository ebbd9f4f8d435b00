"""What is inside the encryption: MIMI content (spec/content.md), and its parts of our own."""

"""The demo's scene: its company of processes, its guest, and the evidence at the end."""

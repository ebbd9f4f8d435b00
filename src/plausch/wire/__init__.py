"""The client-server protocol, sans-IO: frames, codec, session. See spec/wire.md."""

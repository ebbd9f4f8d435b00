"""The command line: one file per command, over the SDK, the server and the agent."""

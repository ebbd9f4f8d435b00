"""What a business's own people and programs may ask its agent: one typed interface, two doors.

`registry.py` lists the operations, `executor.py` carries them out on the book; `team_door.py`
takes calls from the team conversation, `http_door.py` from this machine (spec/agent.md).
"""

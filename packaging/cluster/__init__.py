"""A whole cluster on one machine: two gateways, NATS, PostgreSQL with its standby, HAProxy.

`make cluster` starts it for people, the tests for themselves. What dies is started anew; a dead
primary is answered by promoting its standby.
"""

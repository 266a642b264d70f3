"""What the integration tests share: a server process, a RESP connection, and a look into /proc."""

"""The container image of the services, and the two small programs that go with it."""

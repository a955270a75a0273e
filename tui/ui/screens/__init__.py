"""The screens, each with the messages of its widgets and nothing of the core's knowledge."""

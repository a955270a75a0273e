"""Options, checkpoint and facts to a plan, and the plan to a running container."""

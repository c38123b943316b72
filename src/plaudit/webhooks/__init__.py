"""Events on their way to others' endpoints, as the Standard Webhooks specification has it."""

"""The pages that people look at: server-rendered, each showing its own project only."""

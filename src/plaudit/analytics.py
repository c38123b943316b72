"""The use cases of whoever looks at numbers. Every page, command and answer asks here, so that a number is computed in
one way only."""

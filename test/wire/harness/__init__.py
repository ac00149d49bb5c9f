"""The machinery behind test/wire/scenarios: README.md there says how a scenario reads."""

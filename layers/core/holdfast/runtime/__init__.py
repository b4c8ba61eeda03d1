"""The edge: settings, wiring, telemetry, HTTP. The only code that reads the environment."""

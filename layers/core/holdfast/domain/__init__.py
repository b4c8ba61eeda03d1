"""What is true: levels and the wheel, reservations, movements, policy, errors. Standard library only."""

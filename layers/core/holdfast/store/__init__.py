"""Keys, items and access patterns on DynamoDB. Conditions come from the domain, by name."""

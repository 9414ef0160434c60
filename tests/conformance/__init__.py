"""Runs an AWS-verified conformance suite of DynamoDB that the developer has checked out elsewhere."""

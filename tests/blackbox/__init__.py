"""Tests with real clients: boto3, the AWS CLI, the JavaScript SDK. They run against any DynamoDB endpoint."""

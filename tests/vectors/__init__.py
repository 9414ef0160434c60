"""AWS's signing requests in the older edition that botocore's source has, through the crate that verifies signatures."""

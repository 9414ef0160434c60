"""What all outside tests share: caches of packages, servers under test, peers, raw HTTP."""

"""The differential test: generated requests, sent to Stator and to its peers, and what they answer otherwise.

shapes         tables, attribute values and items
expressions    expressions of every kind with their placeholders, and the legacy parameters
requests       requests of every operation on one item or table that are meant to succeed
transactions   transactions of several items
statements     PartiQL, put together from the same expressions
streams        requests about streams and times to live, and the records that writes made
faults         the same requests, broken in one or two places
misstatements  what statements are broken with
fleet          the servers, asked in lockstep
episode        one set of tables and the requests on them
answers        what an answer says, without what may differ
kinds          differences, sorted into kinds
runner         the command
"""

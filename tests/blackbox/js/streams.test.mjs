// client-dynamodb-streams: streams read page by page, parents before children.

import assert from 'node:assert/strict'
import test from 'node:test'

import { dynamodb, newClient, newStreamsClient, newTable, streams } from './sdk.mjs'

const { BatchWriteItemCommand, DeleteItemCommand, DescribeTableCommand, PutItemCommand, UpdateTableCommand } = dynamodb
const {
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
  ResourceNotFoundException,
} = streams

const PAGES_MAX = 1000
const client = newClient()
const reader = newStreamsClient()
const STREAMING = { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } }

async function streamOf(TableName) {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }))
  return Table.LatestStreamArn
}

async function shardsOf(StreamArn, Limit) {
  const found = []
  let ExclusiveStartShardId
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await reader.send(new DescribeStreamCommand({ StreamArn, Limit, ExclusiveStartShardId }))
    found.push(...answer.StreamDescription.Shards)
    ExclusiveStartShardId = answer.StreamDescription.LastEvaluatedShardId
    if (!ExclusiveStartShardId) return found
  }
  throw new Error('the shards have no last page')
}

/** The records of a shard, to its end: it must be closed. */
async function recordsOf(StreamArn, ShardId, Limit) {
  const found = []
  const start = new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' })
  let { ShardIterator } = await reader.send(start)
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await reader.send(new GetRecordsCommand({ ShardIterator, Limit }))
    found.push(...answer.Records)
    ShardIterator = answer.NextShardIterator
    if (!ShardIterator) return found
  }
  throw new Error('the shard has no end')
}

test('a stream is read to its end', async () => {
  const TableName = await newTable(client, {
    ...STREAMING,
    BillingMode: 'PROVISIONED',
    ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 3000 },
  })
  const Items = Array.from({ length: 60 }, (_, v) => ({ pk: { S: `p${v}` }, v: { N: `${v}` } }))
  for (let start = 0; start < Items.length; start += 25) {
    const requests = Items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }))
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }))
  }
  const first = Items[0]
  await client.send(new PutItemCommand({ TableName, Item: { ...first, b: { B: new Uint8Array([0, 255]) } } }))
  await client.send(new DeleteItemCommand({ TableName, Key: { pk: first.pk } }))
  const StreamArn = await streamOf(TableName)
  await client.send(new UpdateTableCommand({ TableName, StreamSpecification: { StreamEnabled: false } }))
  const shards = await shardsOf(StreamArn, 1)
  assert.deepEqual(shards, await shardsOf(StreamArn))
  const records = []
  for (const { ShardId } of shards) records.push(...(await recordsOf(StreamArn, ShardId, 7)))
  assert.equal(records.length, 62)
  const inserted = records.filter((record) => record.eventName === 'INSERT').map((record) => record.dynamodb.NewImage)
  const byNumber = (left, right) => Number(left.v.N) - Number(right.v.N)
  assert.deepEqual(inserted.sort(byNumber), Items)
  const ofFirst = records.map((record) => record.dynamodb).filter((change) => change.Keys.pk.S === first.pk.S)
  const images = ofFirst.map(({ OldImage, NewImage }) => [OldImage, NewImage])
  const middle = { ...first, b: { B: new Uint8Array([0, 255]) } }
  assert.deepEqual(images, [
    [undefined, first],
    [first, middle],
    [middle, undefined],
  ])
  assert.ok(ofFirst[0].ApproximateCreationDateTime instanceof Date)
})

test('streams are listed', async () => {
  const TableName = await newTable(client, STREAMING)
  const StreamArn = await streamOf(TableName)
  const { Streams } = await reader.send(new ListStreamsCommand({ TableName }))
  assert.deepEqual(
    Streams.map((stream) => [stream.StreamArn, stream.TableName]),
    [[StreamArn, TableName]],
  )
})

test('errors of streams are the SDK classes', async () => {
  const TableName = await newTable(client, STREAMING)
  const StreamArn = `${(await streamOf(TableName)).slice(0, -4)}9999`
  await assert.rejects(reader.send(new DescribeStreamCommand({ StreamArn })), ResourceNotFoundException)
  const garbage = new GetRecordsCommand({ ShardIterator: 'no iterator' })
  await assert.rejects(reader.send(garbage), { name: 'ValidationException' })
})

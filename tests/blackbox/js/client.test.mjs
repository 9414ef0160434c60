// client-dynamodb: the plain client of the AWS SDK for JavaScript v3.

import assert from 'node:assert/strict'
import http from 'node:http'
import test from 'node:test'

import { dynamodb, handlers, newClient, newTable } from './sdk.mjs'

const {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceNotFoundException,
  UpdateItemCommand,
  UpdateTableCommand,
} = dynamodb

const client = newClient()
const SORTED = {
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'N' },
  ],
}

async function fill(TableName, count) {
  const requests = Array.from({ length: count }, (_, number) => ({
    PutRequest: { Item: { pk: { S: 'p' }, sk: { N: `${number}` } } },
  }))
  for (let start = 0; start < count; start += 25) {
    const RequestItems = { [TableName]: requests.slice(start, start + 25) }
    const answer = await client.send(new BatchWriteItemCommand({ RequestItems }))
    assert.deepEqual(answer.UnprocessedItems, {})
  }
}

test('every type comes back', async () => {
  const TableName = await newTable(client)
  const Item = {
    pk: { S: 'a' },
    number: { N: '-12.5' },
    binary: { B: new Uint8Array([0, 1, 255]) },
    bool: { BOOL: true },
    nothing: { NULL: true },
    strings: { SS: ['a', 'b'] },
    numbers: { NS: ['1', '2'] },
    list: { L: [{ S: 'x' }, { M: { y: { L: [] } } }] },
  }
  await client.send(new PutItemCommand({ TableName, Item }))
  const answer = await client.send(new GetItemCommand({ TableName, Key: { pk: Item.pk }, ConsistentRead: true }))
  assert.deepEqual(answer.Item, Item)
})

test('errors are the SDK classes', async () => {
  const TableName = await newTable(client)
  await client.send(new PutItemCommand({ TableName, Item: { pk: { S: 'a' }, v: { N: '1' } } }))
  const refused = new DeleteItemCommand({
    TableName,
    Key: { pk: { S: 'a' } },
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  })
  await assert.rejects(client.send(refused), (error) => {
    assert.ok(error instanceof ConditionalCheckFailedException)
    assert.deepEqual(error.Item, { pk: { S: 'a' }, v: { N: '1' } })
    assert.equal(error.message, 'The conditional request failed')
    return true
  })
  const missing = new GetItemCommand({ TableName: 'no-such-table', Key: { pk: { S: 'a' } } })
  await assert.rejects(client.send(missing), ResourceNotFoundException)
  const invalid = new UpdateItemCommand({ TableName, Key: { pk: { S: 'a' } }, UpdateExpression: 'FROB x' })
  await assert.rejects(client.send(invalid), { name: 'ValidationException' })
})

test('paginators follow LastEvaluatedKey', async () => {
  const TableName = await newTable(client, SORTED)
  await fill(TableName, 60)
  const query = {
    TableName,
    KeyConditionExpression: 'pk = :p',
    ExpressionAttributeValues: { ':p': { S: 'p' } },
    ScanIndexForward: false,
  }
  const found = []
  for await (const page of dynamodb.paginateQuery({ client, pageSize: 7 }, query)) {
    found.push(...page.Items.map((item) => Number(item.sk.N)))
  }
  assert.deepEqual(found, Array.from({ length: 60 }, (_, number) => 59 - number))
  let scanned = 0
  for await (const page of dynamodb.paginateScan({ client, pageSize: 11 }, { TableName })) scanned += page.Count
  assert.equal(scanned, 60)
})

test('an index made on a live table', async () => {
  const TableName = await newTable(client)
  await client.send(new PutItemCommand({ TableName, Item: { pk: { S: 'a' }, g: { S: 'x' } } }))
  await client.send(
    new UpdateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'g', AttributeType: 'S' }],
      GlobalSecondaryIndexUpdates: [
        {
          Create: {
            IndexName: 'gsi',
            KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        },
      ],
    }),
  )
  const deadline = Date.now() + 20_000
  let status
  while (status !== 'ACTIVE' && Date.now() < deadline) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }))
    status = Table.GlobalSecondaryIndexes[0].IndexStatus
  }
  assert.equal(status, 'ACTIVE')
  const answer = await client.send(
    new QueryCommand({
      TableName,
      IndexName: 'gsi',
      KeyConditionExpression: 'g = :x',
      ExpressionAttributeValues: { ':x': { S: 'x' } },
    }),
  )
  assert.equal(answer.Count, 1)
})

test('many requests over few kept-alive connections', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 })
  const busy = newClient({ requestHandler: new handlers.NodeHttpHandler({ httpAgent: agent }) })
  const TableName = await newTable(busy)
  const update = () =>
    busy.send(
      new UpdateItemCommand({
        TableName,
        Key: { pk: { S: 'counter' } },
        UpdateExpression: 'ADD hits :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }),
    )
  await Promise.all(Array.from({ length: 300 }, update))
  const answer = await busy.send(new GetItemCommand({ TableName, Key: { pk: { S: 'counter' } }, ConsistentRead: true }))
  assert.equal(answer.Item.hits.N, '300')
})

test('cleartext HTTP/2', { skip: process.env.STATOR_NO_HTTP2 && 'the peer speaks HTTP/1.1 only' }, async () => {
  const second = newClient({ requestHandler: new handlers.NodeHttp2Handler({ maxConcurrentStreams: 50 }) })
  const TableName = await newTable(client)
  const put = (number) =>
    second.send(new PutItemCommand({ TableName, Item: { pk: { S: `p${number}` }, v: { S: 'x'.repeat(20_000) } } }))
  await Promise.all(Array.from({ length: 100 }, (_, number) => put(number)))
  const found = await second.send(new GetItemCommand({ TableName, Key: { pk: { S: 'p42' } } }))
  assert.equal(found.Item.v.S.length, 20_000)
})

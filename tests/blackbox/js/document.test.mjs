// lib-dynamodb: the document client, which speaks in JavaScript values.

import assert from 'node:assert/strict'
import test from 'node:test'

import { documents, newClient, newTable } from './sdk.mjs'

const {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  ScanCommand,
  TransactGetCommand,
  TransactWriteCommand,
  UpdateCommand,
} = documents

const plain = newClient()
const client = DynamoDBDocumentClient.from(plain, { marshallOptions: { removeUndefinedValues: true } })

test('JavaScript values come back', async () => {
  const TableName = await newTable(plain)
  const Item = {
    pk: 'a',
    number: 1.5,
    large: 9007199254740991,
    text: '',
    bytes: new Uint8Array([1, 2]),
    flag: false,
    nothing: null,
    tags: new Set(['x', 'y']),
    numbers: new Set([1, 2]),
    list: [1, 'two', { three: [null] }],
    absent: undefined,
  }
  await client.send(new PutCommand({ TableName, Item }))
  const answer = await client.send(new GetCommand({ TableName, Key: { pk: 'a' } }))
  delete Item.absent
  assert.deepEqual(answer.Item, Item)
})

test('update and read the new values', async () => {
  const TableName = await newTable(plain)
  await client.send(new PutCommand({ TableName, Item: { pk: 'a', doc: { list: [1, 2, 3] }, tags: new Set(['x']) } }))
  const answer = await client.send(
    new UpdateCommand({
      TableName,
      Key: { pk: 'a' },
      UpdateExpression: 'SET #d.#l[1] = :v, made = if_not_exists(made, :v) ADD tags :t',
      ConditionExpression: 'size(#d.#l) = :three',
      ExpressionAttributeNames: { '#d': 'doc', '#l': 'list' },
      ExpressionAttributeValues: { ':v': 'new', ':t': new Set(['y']), ':three': 3 },
      ReturnValues: 'ALL_NEW',
    }),
  )
  assert.deepEqual(answer.Attributes, {
    pk: 'a',
    doc: { list: [1, 'new', 3] },
    made: 'new',
    tags: new Set(['x', 'y']),
  })
})

test('batch get and scan', async () => {
  const TableName = await newTable(plain)
  await Promise.all(
    Array.from({ length: 30 }, (_, v) => client.send(new PutCommand({ TableName, Item: { pk: `p${v}`, v } }))),
  )
  const Keys = [{ pk: 'p1' }, { pk: 'p2' }, { pk: 'absent' }]
  const read = await client.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys } } }))
  assert.deepEqual(read.Responses[TableName].map((item) => item.v).sort(), [1, 2])
  assert.deepEqual(read.UnprocessedKeys, {})
  const found = []
  const scan = { TableName, FilterExpression: 'v >= :v', ExpressionAttributeValues: { ':v': 20 } }
  for await (const page of documents.paginateScan({ client, pageSize: 4 }, scan)) found.push(...page.Items)
  assert.equal(found.length, 10)
  const counted = await client.send(new ScanCommand({ TableName, Select: 'COUNT' }))
  assert.equal(counted.Count, 30)
})

test('transactions, cancelled and carried out', async () => {
  const TableName = await newTable(plain)
  const put = (pk) => ({ Put: { TableName, Item: { pk }, ConditionExpression: 'attribute_not_exists(pk)' } })
  await client.send(new TransactWriteCommand({ TransactItems: [put('a'), put('b')] }))
  await assert.rejects(client.send(new TransactWriteCommand({ TransactItems: [put('c'), put('b')] })), (error) => {
    assert.equal(error.name, 'TransactionCanceledException')
    assert.deepEqual(
      error.CancellationReasons.map((reason) => reason.Code),
      ['None', 'ConditionalCheckFailed'],
    )
    return true
  })
  const get = (pk) => ({ Get: { TableName, Key: { pk } } })
  const answer = await client.send(new TransactGetCommand({ TransactItems: [get('a'), get('c')] }))
  assert.deepEqual(answer.Responses, [{ Item: { pk: 'a' } }, {}])
})

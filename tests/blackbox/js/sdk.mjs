// The AWS SDK for JavaScript out of the tests' package cache, and clients for the endpoint under test.
//
// The cache lies outside the checkout, where `import` does not look: `createRequire` does. The environment names the endpoint,
// and the credentials where the server verifies them.

import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { after } from 'node:test'

export const required = createRequire(`${process.env.STATOR_NODE_MODULES}/`)

export const dynamodb = required('@aws-sdk/client-dynamodb')
export const streams = required('@aws-sdk/client-dynamodb-streams')
export const documents = required('@aws-sdk/lib-dynamodb')
export const handlers = required('@smithy/node-http-handler')

export const settings = {
  endpoint: process.env.STATOR_ENDPOINT,
  region: 'us-east-1',
  credentials: {
    accessKeyId: process.env.STATOR_ACCESS_KEY_ID ?? 'test',
    secretAccessKey: process.env.STATOR_SECRET_ACCESS_KEY ?? 'test',
  },
  maxAttempts: 1,
}

/** A client that is closed when the test file ends. */
export function newClient(more = {}) {
  const client = new dynamodb.DynamoDBClient({ ...settings, ...more })
  after(() => client.destroy())
  return client
}

/** A client of DynamoDB Streams that is closed when the test file ends. */
export function newStreamsClient() {
  const client = new streams.DynamoDBStreamsClient(settings)
  after(() => client.destroy())
  return client
}

/** Makes a table with the partition key pk (S), and more if told; it is deleted when the test file ends. */
export async function newTable(client, more = {}) {
  const TableName = `js-${randomUUID()}`
  await client.send(
    new dynamodb.CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
      ...more,
    }),
  )
  await dynamodb.waitUntilTableExists({ client, maxWaitTime: 20, minDelay: 1 }, { TableName })
  after(() => client.send(new dynamodb.DeleteTableCommand({ TableName })).catch(() => {}))
  return TableName
}

// Access control as the SDK for JavaScript sees it: signatures of every kind of request, users, roles, refusals, clocks.
//
// The server verifies signatures, and the environment has the credentials of its root user: the tests of Python start both.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'

import { documents, dynamodb, newClient, newTable, required, settings, streams } from '../sdk.mjs'

const iam = required('@aws-sdk/client-iam')
const sts = required('@aws-sdk/client-sts')
const providers = required('@aws-sdk/credential-providers')

const { GetItemCommand, ListTablesCommand, PutItemCommand, QueryCommand } = dynamodb
const Key = { pk: { S: 'a' } }
const clientConfig = { endpoint: settings.endpoint, region: settings.region }

const root = newClient()
const admin = new iam.IAMClient(settings)
after(() => admin.destroy())

const policy = (...Statement) => JSON.stringify({ Version: '2012-10-17', Statement })
const allow = (Action, Resource = '*') => ({ Effect: 'Allow', Action, Resource })
const reads = (TableName) => allow('dynamodb:GetItem', `arn:aws:dynamodb:us-east-1:*:table/${TableName}`)

/** A new user with a policy of its own: its ARN and what signs for it. */
async function newUser(...statements) {
  const UserName = `js-${randomUUID()}`
  const { User } = await admin.send(new iam.CreateUserCommand({ UserName }))
  const { AccessKey } = await admin.send(new iam.CreateAccessKeyCommand({ UserName }))
  const PolicyDocument = policy(...statements)
  await admin.send(new iam.PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument }))
  const credentials = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey }
  return { arn: User.Arn, UserName, credentials }
}

function refusal(name, words = /./) {
  return (error) => {
    assert.equal(error.name, name)
    assert.match(error.message, words)
    return true
  }
}

test('the root user is who it is', async () => {
  const client = new sts.STSClient(settings)
  after(() => client.destroy())
  const told = await client.send(new sts.GetCallerIdentityCommand({}))
  assert.equal(told.Arn, 'arn:aws:iam::000000000000:root')
})

test('a user does what its policy allows', async () => {
  const TableName = await newTable(root)
  await root.send(new PutItemCommand({ TableName, Item: Key }))
  const { arn, credentials } = await newUser(reads(TableName))
  const client = newClient({ credentials })
  assert.deepEqual((await client.send(new GetItemCommand({ TableName, Key }))).Item, Key)
  const document = documents.DynamoDBDocumentClient.from(client)
  assert.deepEqual((await document.send(new documents.GetCommand({ TableName, Key: { pk: 'a' } }))).Item, { pk: 'a' })
  const words = new RegExp(`^User: ${arn} is not authorized to perform: dynamodb:PutItem on resource: arn:.*${TableName} because`)
  await assert.rejects(client.send(new PutItemCommand({ TableName, Item: Key })), refusal('AccessDeniedException', words))
  const reader = new streams.DynamoDBStreamsClient({ ...settings, credentials })
  after(() => reader.destroy())
  await assert.rejects(reader.send(new streams.ListStreamsCommand({})), refusal('AccessDeniedException'))
})

test('texts of all kinds are signed as they are sent', async () => {
  const TableName = await newTable(root)
  const { credentials } = await newUser(allow('dynamodb:*'))
  const client = newClient({ credentials })
  for (const text of ['ü€🦄', ' a  b ', 'line\r\nline', '%2F+&=', '\u0000\u2028']) {
    await client.send(new PutItemCommand({ TableName, Item: { pk: { S: 'a' }, v: { S: text } } }))
    const query = { TableName, KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: 'a' } } }
    const { Items } = await client.send(new QueryCommand(query))
    assert.deepEqual(Items, [{ pk: { S: 'a' }, v: { S: text } }])
    const Description = text.replace(/[^\u0020-\u00ff]/g, '?')
    const trust = { Effect: 'Allow', Principal: { AWS: '000000000000' }, Action: 'sts:AssumeRole' }
    const role = { RoleName: `js-${randomUUID()}`, Description, AssumeRolePolicyDocument: policy(trust) }
    const { Role } = await admin.send(new iam.CreateRoleCommand(role))
    assert.equal(Role.Description.replaceAll('\r\n', '\n'), Description.replaceAll('\r\n', '\n'))
  }
})

test('a role is assumed by the provider of credentials', async () => {
  const TableName = await newTable(root)
  const user = await newUser(allow('sts:AssumeRole'))
  const RoleName = `js-${randomUUID()}`
  const trust = { Effect: 'Allow', Principal: { AWS: user.arn }, Action: 'sts:AssumeRole' }
  const { Role } = await admin.send(new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: policy(trust) }))
  const own = { RoleName, PolicyName: 'own', PolicyDocument: policy(reads(TableName)) }
  await admin.send(new iam.PutRolePolicyCommand(own))
  const params = { RoleArn: Role.Arn, RoleSessionName: 'at-work' }
  const credentials = providers.fromTemporaryCredentials({
    masterCredentials: user.credentials,
    params,
    clientConfig,
  })
  const client = newClient({ credentials })
  await client.send(new GetItemCommand({ TableName, Key }))
  const words = new RegExp(`^User: arn:aws:sts::000000000000:assumed-role/${RoleName}/at-work is not authorized`)
  await assert.rejects(client.send(new PutItemCommand({ TableName, Item: Key })), refusal('AccessDeniedException', words))
})

test('wrong secrets, unknown keys, tokens that are none', async () => {
  const { credentials } = await newUser(allow('dynamodb:ListTables'))
  const wrong = [
    [{ ...credentials, secretAccessKey: 'wrong' }, 'InvalidSignatureException'],
    [{ ...credentials, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }, 'UnrecognizedClientException'],
    [{ ...credentials, sessionToken: 'none' }, 'UnrecognizedClientException'],
  ]
  for (const [credentials, name] of wrong) {
    await assert.rejects(newClient({ credentials }).send(new ListTablesCommand({})), refusal(name))
  }
  await newClient({ credentials }).send(new ListTablesCommand({}))
})

test('a key that is deactivated', async () => {
  const { credentials, UserName } = await newUser(allow('dynamodb:ListTables'))
  const client = newClient({ credentials })
  await client.send(new ListTablesCommand({}))
  const change = (Status) =>
    admin.send(new iam.UpdateAccessKeyCommand({ UserName, AccessKeyId: credentials.accessKeyId, Status }))
  await change('Inactive')
  await assert.rejects(client.send(new ListTablesCommand({})), refusal('UnrecognizedClientException'))
  await change('Active')
  await client.send(new ListTablesCommand({}))
})

test('a clock that is wrong is set right by the answer', async (t) => {
  const now = Date.now
  for (const [minutes, words] of [
    [20, /^Signature not yet current: /],
    [-20, /^Signature expired: /],
  ]) {
    const clock = t.mock.method(Date, 'now', () => now() + minutes * 60_000)
    await assert.rejects(newClient().send(new ListTablesCommand({})), refusal('InvalidSignatureException', words))
    // With a second attempt the SDK takes the time from the header Date of the refusal, and keeps it.
    const client = newClient({ maxAttempts: 2 })
    for (const attempts of [2, 1]) {
      const { $metadata } = await client.send(new ListTablesCommand({}))
      assert.equal($metadata.attempts, attempts)
    }
    clock.mock.restore()
  }
})

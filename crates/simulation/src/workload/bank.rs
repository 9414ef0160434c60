//! Money moves between accounts in transactions with tokens: it is neither made nor lost, and no transfer happens twice.

use super::{is_contention, number, parsed, reasons, simple_table, think, token_counts};
use crate::world::{Answer, World};
use runtime::{Random, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

const TABLE: &str = "bank";
const ACCOUNTS: u64 = 4;
const OPENING_BALANCE: u64 = 100;

/// What became of a transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Done,
    Refused,
    Unknown,
}

struct Transfer {
    from: u64,
    to: u64,
    amount: u64,
    fate: Fate,
}

/// All transfers, by their numbers.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<BTreeMap<u64, Transfer>>>);

impl Ledger {
    fn note(&self, number: u64, transfer: Transfer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(number, transfer);
    }
}

/// Makes the table and the accounts.
pub async fn set_up(world: &World, random: &Random) {
    super::create(world, random, simple_table(TABLE)).await;
    for at in 0..ACCOUNTS {
        let item = json!({ "pk": account(at), "balance": number(OPENING_BALANCE) });
        let _ = world.insist(random, "PutItem", json!({ "TableName": TABLE, "Item": item })).await;
    }
}

/// A client that moves money.
pub async fn run(world: World, random: Random, ledger: Ledger) {
    for _ in 0..world.plan().rounds {
        match random.below(4) {
            0 => audit(&world, &random).await,
            _ => transfer(&world, &random, &ledger).await,
        }
        think(&world, &random).await;
    }
}

async fn transfer(world: &World, random: &Random, ledger: &Ledger) {
    let from = random.below(ACCOUNTS);
    let to = (from + 1 + random.below(ACCOUNTS - 1)) % ACCOUNTS;
    let amount = 1 + random.below(60);
    let id = world.new_value();
    let change = |at, expression: &str| {
        json!({
            "TableName": TABLE, "Key": { "pk": account(at) }, "UpdateExpression": expression,
            "ExpressionAttributeValues": { ":x": number(amount) },
        })
    };
    let mut withdrawal = change(from, "SET balance = balance - :x");
    withdrawal["ConditionExpression"] = json!("balance >= :x");
    let receipt = json!({
        "TableName": TABLE, "Key": { "pk": receipt(id) }, "UpdateExpression": "ADD times :one",
        "ExpressionAttributeValues": { ":one": number(1) },
    });
    let request = json!({
        "ClientRequestToken": format!("transfer-{id}"),
        "TransactItems": [
            { "Update": withdrawal }, { "Update": change(to, "SET balance = balance + :x") }, { "Update": receipt },
        ],
    });
    let fate = send(world, random, &request).await;
    ledger.note(id, Transfer { from, to, amount, fate });
}

/// Sends a transaction until it is known what became of it, as long as its token counts.
async fn send(world: &World, random: &Random, request: &Value) -> Fate {
    let began: Timestamp = world.clock().now();
    let mut may_be_done = false;
    while token_counts(world, began).await {
        match world.ask(random, "TransactWriteItems", request.clone()).await {
            Answer::Done(_) => return Fate::Done,
            Answer::Unsent => {}
            Answer::Unknown => {
                may_be_done = true;
                // Most clients try again at once, before their server is found to be down; some give up.
                if random.below(10) == 0 {
                    return Fate::Unknown;
                }
            }
            Answer::Refused(refusal) if is_contention(&refusal) => think(world, random).await,
            Answer::Refused(refusal) => {
                if !reasons(&refusal).iter().any(|code| code == "ConditionalCheckFailed") {
                    world.fault(format!("a transfer is refused: {refusal:?}"));
                }
                // What was sent before may still be on its way.
                return if may_be_done { Fate::Unknown } else { Fate::Refused };
            }
        }
    }
    Fate::Unknown
}

/// At every moment there is as much money as in the beginning.
async fn audit(world: &World, random: &Random) {
    let get = |at| json!({ "Get": { "TableName": TABLE, "Key": { "pk": account(at) } } });
    let gets: Vec<_> = (0..ACCOUNTS).map(get).collect();
    if let Answer::Done(answer) = world.ask(random, "TransactGetItems", json!({ "TransactItems": gets })).await {
        let balances: Option<Vec<_>> =
            (0..ACCOUNTS as usize).map(|at| parsed(&answer["Responses"][at]["Item"]["balance"])).collect();
        let sum = balances.map(|balances| balances.iter().sum::<u64>());
        if sum != Some(ACCOUNTS * OPENING_BALANCE) {
            world.fault(format!("money was made or lost: {answer}"));
        }
    }
}

/// What the accounts hold at last is what the transfers moved, each of which happened once or not at all.
pub async fn check(world: &World, random: &Random, ledger: &Ledger) {
    audit(world, random).await;
    let transfers = std::mem::take(&mut *ledger.0.lock().unwrap_or_else(PoisonError::into_inner));
    let mut balances = [OPENING_BALANCE as i64; ACCOUNTS as usize];
    for (id, transfer) in transfers {
        let key = json!({ "TableName": TABLE, "Key": { "pk": receipt(id) }, "ConsistentRead": true });
        let Ok(found) = world.insist(random, "GetItem", key).await else { return };
        let times = parsed(&found["Item"]["times"]).unwrap_or_default();
        let allowed = match transfer.fate {
            Fate::Done => 1..=1,
            Fate::Refused => 0..=0,
            Fate::Unknown => 0..=1,
        };
        if !allowed.contains(&times) {
            world.fault(format!("transfer {id} is {:?} and happened {times} times", transfer.fate));
        }
        let moved = (transfer.amount * times) as i64;
        balances[transfer.from as usize] -= moved;
        balances[transfer.to as usize] += moved;
    }
    for (at, balance) in balances.iter().enumerate() {
        let key = json!({ "TableName": TABLE, "Key": { "pk": account(at as u64) }, "ConsistentRead": true });
        let Ok(found) = world.insist(random, "GetItem", key).await else { return };
        if parsed(&found["Item"]["balance"]).map(|found| found as i64) != Some(*balance) {
            world.fault(format!("account {at} should hold {balance}: {found}"));
        }
    }
}

fn account(at: u64) -> Value {
    json!({ "S": format!("account {at}") })
}

fn receipt(id: u64) -> Value {
    json!({ "S": format!("receipt {id}") })
}

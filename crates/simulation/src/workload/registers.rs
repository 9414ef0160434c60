//! Lists that clients append to and read, alone and in transactions: what they see must be strictly serializable.
//!
//! Every element is appended once, so a list tells the order in which its elements came, and a read tells after which of them it was.

use super::{is_contention, number, parsed, reasons, simple_table, think};
use crate::checks::history::{History, Operation, Outcome};
use crate::requests::Refusal;
use crate::world::{Answer, World};
use runtime::Random;
use serde_json::{Value, json};

const TABLE: &str = "registers";
/// Few, so that clients meet.
const ITEMS: u64 = 4;

/// Makes the table.
pub async fn set_up(world: &World, random: &Random) {
    super::create(world, random, simple_table(TABLE)).await;
}

/// A client of the lists.
pub struct Client {
    world: World,
    random: Random,
    history: History,
    /// What it saw last of each list.
    seen: Vec<Vec<u64>>,
}

impl Client {
    /// A client that has seen nothing.
    pub fn new(world: &World, random: Random, history: &History) -> Self {
        let seen = vec![Vec::new(); ITEMS as usize];
        Self { world: world.clone(), random, history: history.clone(), seen }
    }

    /// Does its part.
    pub async fn run(mut self) {
        for _ in 0..self.world.plan().rounds {
            self.operate().await;
            think(&self.world, &self.random).await;
        }
    }

    async fn operate(&mut self) {
        let item = self.random.below(ITEMS) as usize;
        let element = self.world.new_value();
        let known = self.seen[item].clone();
        let mut planned = Operation::planned();
        planned.appends = vec![(item, element)];
        match self.random.below(9) {
            0 | 1 => self.read(item).await,
            2 => self.read_all().await,
            3 | 4 => {
                let asked = json!({ "ReturnValues": "ALL_NEW" });
                self.carry_out(planned, "UpdateItem", merged(append(item, element), asked)).await;
            }
            5 => {
                planned.lengths = vec![(item, known.len())];
                let request = conditional(append(item, element), known.len());
                self.carry_out(planned, "UpdateItem", request).await;
            }
            6 => {
                planned.lengths = vec![(item, known.len())];
                let list: Vec<_> = known.iter().chain([&element]).map(number).collect();
                let put = json!({ "TableName": TABLE, "Item": { "pk": key(item), "list": { "L": list } } });
                self.carry_out(planned, "PutItem", conditional(put, known.len())).await;
            }
            _ => self.transact(item, element).await,
        }
    }

    /// Appends to two lists where a third is as long as it was when it was read last.
    async fn transact(&mut self, first: usize, element: u64) {
        let second = (first + 1) % ITEMS as usize;
        let third = (first + 2) % ITEMS as usize;
        let length = self.seen[third].len();
        let mut planned = Operation::planned();
        planned.appends = vec![(first, element), (second, element)];
        let mut actions =
            vec![json!({ "Update": append(first, element) }), json!({ "Update": append(second, element) })];
        if self.random.below(2) == 0 {
            planned.lengths = vec![(third, length)];
            let check = json!({ "TableName": TABLE, "Key": { "pk": key(third) } });
            actions.push(json!({ "ConditionCheck": conditional(check, length) }));
        }
        let request = json!({ "TransactItems": actions, "ClientRequestToken": format!("list-{element}") });
        self.carry_out(planned, "TransactWriteItems", request).await;
    }

    async fn carry_out(&mut self, planned: Operation, operation: &'static str, request: Value) {
        let invoked = self.world.moment();
        let answer = self.world.ask(&self.random, operation, request.clone()).await;
        let completed = self.world.moment();
        let mut done = Operation { invoked, completed, ..planned };
        match answer {
            Answer::Done(answer) => {
                if let Some(mut list) = elements(&answer["Attributes"]) {
                    let (item, element) = done.appends[0];
                    self.seen[item].clone_from(&list);
                    if list.pop() != Some(element) {
                        self.world.fault(format!("an append of {element} is answered with {answer}"));
                    }
                    done.reads = vec![(item, list)];
                }
            }
            Answer::Unknown => done = Operation { outcome: Outcome::Unknown, completed: u64::MAX, ..done },
            Answer::Unsent => return,
            Answer::Refused(refusal) => {
                let Some(read) = self.refused(&done, &refusal) else { return };
                done = Operation { reads: vec![read], appends: Vec::new(), lengths: Vec::new(), ..done };
            }
        }
        self.history.add(done);
    }

    /// What a refusal tells of a list.
    fn refused(&mut self, planned: &Operation, refusal: &Refusal) -> Option<(usize, Vec<u64>)> {
        let is_transaction = refusal.code == "TransactionCanceledException";
        let is_condition = if is_transaction {
            reasons(refusal).iter().any(|code| code == "ConditionalCheckFailed")
        } else {
            refusal.code == "ConditionalCheckFailedException"
        };
        if !is_condition || planned.lengths.is_empty() {
            if !is_contention(refusal) {
                self.world.fault(format!("{planned:?} is refused: {refusal:?}"));
            }
            return None;
        }
        let item = planned.lengths[0].0;
        let shown =
            if is_transaction { &refusal.body["CancellationReasons"][2]["Item"] } else { &refusal.body["Item"] };
        let list = elements(shown).unwrap_or_default();
        if list.len() == planned.lengths[0].1 {
            self.world.fault(format!("a condition held and is said not to: {planned:?}: {refusal:?}"));
        }
        self.seen[item].clone_from(&list);
        Some((item, list))
    }

    async fn read(&mut self, item: usize) {
        let request = json!({ "TableName": TABLE, "Key": { "pk": key(item) }, "ConsistentRead": true });
        let invoked = self.world.moment();
        let Answer::Done(answer) = self.world.ask(&self.random, "GetItem", request).await else { return };
        self.saw(invoked, vec![(item, elements(&answer["Item"]).unwrap_or_default())]);
    }

    async fn read_all(&mut self) {
        let get = |item| json!({ "Get": { "TableName": TABLE, "Key": { "pk": key(item) } } });
        let gets: Vec<_> = (0..ITEMS as usize).map(get).collect();
        let invoked = self.world.moment();
        let request = json!({ "TransactItems": gets });
        let Answer::Done(answer) = self.world.ask(&self.random, "TransactGetItems", request).await else { return };
        let read = |item: usize| (item, elements(&answer["Responses"][item]["Item"]).unwrap_or_default());
        self.saw(invoked, (0..ITEMS as usize).map(read).collect());
    }

    fn saw(&mut self, invoked: u64, reads: Vec<(usize, Vec<u64>)>) {
        for (item, list) in &reads {
            self.seen[*item].clone_from(list);
        }
        self.history.add(Operation { invoked, completed: self.world.moment(), reads, ..Operation::planned() });
    }
}

/// Reads all lists when everybody is done, so that what is lost is missed.
pub async fn read_at_last(world: &World, random: &Random, history: &History) {
    for item in 0..ITEMS as usize {
        let request = json!({ "TableName": TABLE, "Key": { "pk": key(item) }, "ConsistentRead": true });
        let invoked = world.moment();
        let Ok(answer) = world.insist(random, "GetItem", request).await else { return };
        let reads = vec![(item, elements(&answer["Item"]).unwrap_or_default())];
        history.add(Operation { invoked, completed: world.moment(), reads, ..Operation::planned() });
    }
}

fn key(item: usize) -> Value {
    json!({ "S": format!("list {item}") })
}

fn append(item: usize, element: u64) -> Value {
    json!({
        "TableName": TABLE, "Key": { "pk": key(item) },
        "UpdateExpression": "SET #l = list_append(if_not_exists(#l, :none), :new)",
        "ExpressionAttributeNames": { "#l": "list" },
        "ExpressionAttributeValues": { ":none": { "L": [] }, ":new": { "L": [number(element)] } },
    })
}

/// The request on condition that the list has this length.
fn conditional(request: Value, length: usize) -> Value {
    let condition = match length {
        0 => json!({ "ConditionExpression": "attribute_not_exists(#l)" }),
        _ => json!({
            "ConditionExpression": "size(#l) = :length", "ExpressionAttributeValues": { ":length": number(length) },
        }),
    };
    let shown = json!({
        "ExpressionAttributeNames": { "#l": "list" }, "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    });
    merged(merged(request, condition), shown)
}

/// The request with more members; those that are objects in both are merged too.
fn merged(mut request: Value, more: Value) -> Value {
    if let (Some(into), Value::Object(more)) = (request.as_object_mut(), more) {
        for (name, member) in more {
            let member = match into.remove(&name) {
                Some(known) if known.is_object() => merged(known, member),
                _ => member,
            };
            into.insert(name, member);
        }
    }
    request
}

/// The elements of an item's list.
fn elements(item: &Value) -> Option<Vec<u64>> {
    item["list"]["L"].as_array()?.iter().map(parsed).collect()
}

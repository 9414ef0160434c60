//! Several servers over one store, at the same time.

use super::fixture::{ACCOUNT, Fixture, allow, texts};
use crate::Unidentified;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use storage::{Batch, Memory, Page, Reply, Scan, Store, Version, Versioned};

/// A store that says that others write it too.
struct Shared(Memory);

impl Store for Shared {
    fn get<'a>(&'a self, keys: &'a [bytes::Bytes]) -> Reply<'a, Vec<Option<Versioned>>> {
        self.0.get(keys)
    }
    fn get_one<'a>(&'a self, key: &'a [u8]) -> Reply<'a, Option<Versioned>> {
        self.0.get_one(key)
    }
    fn scan(&self, scan: Scan) -> Reply<'_, Page> {
        self.0.scan(scan)
    }
    fn commit(&self, batch: Batch) -> Reply<'_, Version> {
        // Others get between a read and its commit.
        Reply::pending(async move {
            runtime::give_way().await;
            self.0.commit(batch).await
        })
    }
    fn durable(&self, version: Version) -> Reply<'_, ()> {
        self.0.durable(version)
    }
    fn latest(&self) -> Version {
        self.0.latest()
    }
    fn is_shared(&self) -> bool {
        true
    }
    fn checkpoint<'a>(&'a self, dir: &'a Path) -> Reply<'a, ()> {
        self.0.checkpoint(dir)
    }
    fn close(&self) -> Reply<'_, ()> {
        self.0.close()
    }
}

async fn two_servers() -> (Arc<Fixture>, Arc<Fixture>) {
    let hands = runtime::Clock::manual(runtime::Timestamp::from_millis(1_800_000_000_000));
    let one = Fixture::over(Arc::new(Shared(Memory::new())), hands, 7).await;
    let other = one.another(7).await;
    (Arc::new(one), Arc::new(other))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_make_the_same_one_succeeds() {
    let (one, other) = two_servers().await;
    let mut tasks = Vec::new();
    for at in 0..24 {
        let server = if at % 2 == 0 { one.clone() } else { other.clone() };
        tasks.push(runtime::spawn(async move {
            let made = server.call(&server.root, "CreateUser", &[("UserName", "same")]).await.status;
            let own = format!("group{at}");
            server.ok(&server.root, "CreateGroup", &[("GroupName", &own)]).await;
            made
        }));
    }
    let mut made = Vec::new();
    for task in tasks {
        made.push(task.await.unwrap());
    }
    assert_eq!(made.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(made.iter().filter(|status| **status == 409).count(), 23);
    let groups = one.ok(&one.root, "ListGroups", &[]).await;
    assert_eq!(texts(&groups, "GroupName").len(), 24);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_and_quotas_hold_under_contention() {
    let (one, other) = two_servers().await;
    one.ok(&one.root, "CreateUser", &[("UserName", "u")]).await;
    let document = allow("dynamodb:*");
    one.ok(&one.root, "CreatePolicy", &[("PolicyName", "P"), ("PolicyDocument", &document)]).await;
    let mut tasks = Vec::new();
    for at in 0..20 {
        let server = if at % 2 == 0 { one.clone() } else { other.clone() };
        tasks.push(runtime::spawn(async move {
            let key = server.call(&server.root, "CreateAccessKey", &[("UserName", "u")]).await.status;
            let role = format!("role{at}");
            server.role(&role, "").await;
            let arn = format!("arn:aws:iam::{ACCOUNT}:policy/P");
            let attach = [("RoleName", role.as_str()), ("PolicyArn", arn.as_str())];
            server.ok(&server.root, "AttachRolePolicy", &attach).await;
            if at % 4 == 0 {
                server.ok(&server.root, "DetachRolePolicy", &attach).await;
            }
            key
        }));
    }
    let mut keys = 0;
    for task in tasks {
        keys += usize::from(task.await.unwrap() == 200);
    }
    assert_eq!(keys, 2);
    let policies = other.ok(&other.root, "ListPolicies", &[("Scope", "Local")]).await;
    assert_eq!(texts(&policies, "AttachmentCount"), ["15"]);
}

#[tokio::test]
async fn what_another_server_changes_is_in_force_after_a_second() {
    let (one, other) = two_servers().await;
    let ann = one.user("Ann", &allow("*")).await;
    other.hands.advance(Duration::from_secs(2));
    other.identify(&ann).await.unwrap();
    let key = [("UserName", "Ann"), ("AccessKeyId", ann.key_id.as_str()), ("Status", "Inactive")];
    one.ok(&one.root, "UpdateAccessKey", &key).await;
    // At once where it was changed, after a second elsewhere.
    assert_eq!(one.identify(&ann).await.unwrap_err(), Unidentified::InactiveKey);
    other.hands.advance(Duration::from_millis(999));
    other.identify(&ann).await.unwrap();
    other.hands.advance(Duration::from_millis(1));
    assert_eq!(other.identify(&ann).await.unwrap_err(), Unidentified::InactiveKey);
}

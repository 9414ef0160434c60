//! The step between decoding a request and running it: whether its sender may make it.
//!
//! ```text
//! typed request -> what it touches (engine::access) -> policies -> Permitted -> the operation
//! ```
//!
//! What must hold:
//! - Nothing else makes a [`Permitted`], and operations are run with nothing else.
//! - Everything that a request touches must be allowed, each action on each resource.
//! - Who is refused learns nothing of what there is: the answer is the same whether the resource exists or not.

use crate::call::AuthenticatedCall;
use crate::guard::Sender;
use api::{Error, messages};
use auth::{Identity, ResourceSide, access_denied_message};
use engine::Context;
use engine::access::{Access, Touches, Wanted};
use policy::{Decision, Key, Policies, Values};

/// A request that its sender may make.
pub(crate) struct Permitted<'r, T>(&'r T);

impl<'r, T> Permitted<'r, T> {
    /// The request.
    pub(crate) fn request(&self) -> &'r T {
        self.0
    }
}

/// Permits a request, if policies do.
///
/// # Errors
/// AccessDeniedException, and those of the store.
pub(crate) async fn authorize<'r, T: Touches + Sync>(
    request: &'r T,
    context: &Context<'_>,
    call: &AuthenticatedCall<'_>,
) -> Result<Permitted<'r, T>, Error> {
    if let Sender::Known(sender) = call.sender() {
        let origin = call.circumstances(sender);
        let asking = Asking { sender: sender.identity(), origin: &origin };
        // On the heap, so that it takes no room where everybody may do everything.
        Box::pin(asking.ask(request, context)).await?;
    }
    Ok(Permitted(request))
}

/// Who asks, and from where.
struct Asking<'a> {
    sender: &'a Identity,
    origin: &'a auth::Origin<'a>,
}

impl Asking<'_> {
    /// Whether the sender may make this request.
    async fn ask<T: Touches>(&self, request: &T, context: &Context<'_>) -> Result<(), Error> {
        let touched = self.touched(request, context).await?;
        let Some(refusal) = self.refusal(&touched) else { return Ok(()) };
        if !context.engine.store.is_shared() {
            return Err(refusal);
        }
        // Another server may have changed the policy of a table since this one read it. Where the old one allows, the operation finds
        // that out, which verifies the table; where it does not, nobody else would.
        for table in touched.iter().filter_map(|access| access.table.as_ref()) {
            context.engine.read_table(&table.descriptor.account, &table.descriptor.name).await?;
        }
        self.refusal(&self.touched(request, context).await?).map_or(Ok(()), Err)
    }

    /// What the request touches, with the facts that any policy asks for.
    async fn touched<T: Touches>(&self, request: &T, context: &Context<'_>) -> Result<Vec<Access>, Error> {
        let policies = self.policies_of_sender();
        let wanted = wanted_by(|key| policies.mentions(key));
        let touched = request.touches(context, wanted).await?;
        let of_resources = || touched.iter().filter_map(|access| access.policy.as_deref());
        let more = wanted_by(|key| policies.mentions(key) || of_resources().any(|policy| policy.mentions(key)));
        if more == wanted { Ok(touched) } else { request.touches(context, more).await }
    }

    fn policies_of_sender(&self) -> Policies<'_> {
        self.facts(&policy::Absent).policies(ResourceSide { account: self.sender.account(), policy: None })
    }

    fn facts<'f>(&'f self, own: &'f dyn policy::Context) -> auth::Facts<'f> {
        auth::Facts::new(self.sender, self.origin, own)
    }

    fn refusal(&self, touched: &[Access]) -> Option<Error> {
        touched.iter().find_map(|access| self.refusal_of(access))
    }

    fn refusal_of(&self, access: &Access) -> Option<Error> {
        let own = Own(access);
        let side = ResourceSide { account: &access.account, policy: access.policy.as_deref() };
        match self.facts(&own).decide(access.action, &access.resource, side) {
            Decision::Allowed => None,
            Decision::Denied(denial) => {
                let message = access_denied_message(self.sender, access.action, &access.resource, denial);
                Some(messages::not_authorized(message))
            }
        }
    }
}

/// The facts that policies ask for which mention these keys.
fn wanted_by(mentions: impl Fn(Key) -> bool) -> Wanted {
    const KEYS: [Key; 5] = [
        Key::LeadingKeys,
        Key::FirstPartitionKeyValues,
        Key::SecondPartitionKeyValues,
        Key::ThirdPartitionKeyValues,
        Key::FourthPartitionKeyValues,
    ];
    Wanted { keys: KEYS.into_iter().any(&mentions), attributes: mentions(Key::Attributes) }
}

/// The facts that a request to DynamoDB has of its own.
struct Own<'a>(&'a Access);

impl Own<'_> {
    fn partition_values(&self, at: usize) -> Values<'_> {
        self.0.facts.partition_values.get(at).map_or(Values::Absent, |values| Values::Many(values))
    }

    /// A tag of the table, also for its indexes and streams.
    fn resource_tag(&self, name: &str) -> Option<&str> {
        let tags = &self.0.table.as_ref()?.descriptor.tags;
        tags.iter().find(|tag| tag.key.eq_ignore_ascii_case(name)).map(|tag| tag.value.as_str())
    }

    fn request_tag(&self, name: &str) -> Option<&str> {
        let tags = &self.0.facts.request_tags;
        tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl policy::Context for Own<'_> {
    fn values(&self, key: Key, name: &str) -> Values<'_> {
        let facts = &self.0.facts;
        match key {
            Key::LeadingKeys | Key::FirstPartitionKeyValues => self.partition_values(0),
            Key::SecondPartitionKeyValues => self.partition_values(1),
            Key::ThirdPartitionKeyValues => self.partition_values(2),
            Key::FourthPartitionKeyValues => self.partition_values(3),
            Key::Attributes => Values::Many(&facts.attributes),
            Key::EnclosingOperation => Values::from_option(facts.enclosing_operation),
            Key::FullTableScan => facts.full_table_scan.map_or(Values::Absent, Values::boolean),
            Key::ResourceAccount => Values::One(&self.0.account),
            Key::ResourceTag => Values::from_option(self.resource_tag(name)),
            Key::RequestTag => Values::from_option(self.request_tag(name)),
            Key::ReturnConsumedCapacity => Values::from_option(facts.return_consumed_capacity),
            Key::ReturnValues => Values::from_option(facts.return_values),
            Key::Select => Values::from_option(facts.select),
            Key::TagKeys => Values::Many(&facts.tag_keys),
            _ => Values::Absent,
        }
    }
}

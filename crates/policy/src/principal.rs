//! Who asks, and whom a policy names.

/// The kind of a principal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PrincipalKind {
    /// The root user of an account.
    Root,
    /// A user, also with a session of `GetSessionToken`.
    User,
    /// A session of a role.
    AssumedRole,
    /// A session of `GetFederationToken`.
    FederatedUser,
    /// Someone whom an identity provider knows and who is about to assume a role; `arn` is the provider's ARN or name.
    Federated,
    /// A service; `arn` is its name (`lambda.amazonaws.com`).
    Service,
    /// Nobody: the request is not signed.
    Anonymous,
}

/// Who makes a request.
#[derive(Clone, Copy, Debug)]
pub struct Principal<'a> {
    /// What it is.
    pub kind: PrincipalKind,
    /// The account that it belongs to; empty for services and nobody.
    pub account: &'a str,
    /// What the request is made as: `arn:aws:iam::ACCOUNT:root`, `...:user/PATH/NAME`, `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`,
    /// `arn:aws:sts::ACCOUNT:federated-user/NAME`.
    pub arn: &'a str,
    /// Whose session it is: the ARN of the role of an assumed role, of the user of a federated user.
    pub issuer_arn: Option<&'a str>,
    /// The unique identifier (`AIDA...`, `AROA...`) of the user, of the role whose session it is, or of the user whose session a federated
    /// user has: whom an ARN in a policy meant when the policy was saved. Empty if there is none.
    pub unique_id: &'a str,
}

impl Principal<'_> {
    /// Whether it belongs to an account, whose administrator may give it permissions.
    pub(crate) fn has_account(&self) -> bool {
        match self.kind {
            PrincipalKind::Root | PrincipalKind::User | PrincipalKind::AssumedRole | PrincipalKind::FederatedUser => {
                true
            }
            PrincipalKind::Federated | PrincipalKind::Service | PrincipalKind::Anonymous => false,
        }
    }
}

/// Whom a policy names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Named {
    /// `*`
    Everyone,
    /// The twelve digits, or the ARN of its root: "both delegate permissions to the account".
    Account(Box<str>),
    /// A user, a role, a session of one.
    Arn(Box<str>),
    /// The user or the role that had an ARN when the policy was saved.
    UniqueId(Box<str>),
    /// A session of the role that had this name when the policy was saved.
    Session {
        role_id: Box<str>,
        arn: Box<str>,
    },
    Service(Box<str>),
    Federated(Box<str>),
    /// Amazon S3 has such; here nobody is one.
    CanonicalUser,
}

/// How closely a policy names who asks. What follows from it is in [`decide`](crate::decide()).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Closeness {
    /// Its account.
    Account,
    /// The role or user whose session it is.
    Issuer,
    /// Itself, or everyone.
    Direct,
}

impl Named {
    pub fn closeness(&self, principal: &Principal<'_>) -> Option<Closeness> {
        let direct = |is: bool| is.then_some(Closeness::Direct);
        match self {
            Self::Everyone => direct(true),
            Self::Service(name) => direct(principal.kind == PrincipalKind::Service && **name == *principal.arn),
            Self::Federated(name) => direct(principal.kind == PrincipalKind::Federated && **name == *principal.arn),
            Self::CanonicalUser => None,
            _ if !principal.has_account() => None,
            Self::Account(account) if **account != *principal.account => None,
            Self::Account(_) if principal.kind == PrincipalKind::Root => Some(Closeness::Direct),
            Self::Account(_) => Some(Closeness::Account),
            Self::Arn(arn) if **arn == *principal.arn => Some(Closeness::Direct),
            Self::Arn(arn) => (principal.issuer_arn == Some(arn)).then_some(Closeness::Issuer),
            Self::UniqueId(id) if principal.unique_id.is_empty() || **id != *principal.unique_id => None,
            Self::UniqueId(_) if principal.issuer_arn.is_some() => Some(Closeness::Issuer),
            Self::UniqueId(_) => Some(Closeness::Direct),
            Self::Session { role_id, arn } => direct(**role_id == *principal.unique_id && **arn == *principal.arn),
        }
    }

    /// From now on it names who has this unique identifier.
    fn identify(&mut self, id: &str) {
        let Self::Arn(arn) = self else { return };
        // Of the ARNs that have an identifier those of sessions alone are of `sts`.
        *self = if arn.split(':').nth(2) == Some("sts") {
            Self::Session { role_id: id.into(), arn: std::mem::take(arn) }
        } else {
            Self::UniqueId(id.into())
        };
    }
}

/// `Principal` or `NotPrincipal`.
#[derive(Clone, Debug)]
pub(crate) enum Principals {
    Only(Box<[Named]>),
    Except(Box<[Named]>),
}

impl Principals {
    /// From now on names that have a unique identifier name who has that, whatever its name.
    pub fn identify<'i>(&mut self, id_of: &impl Fn(&str) -> Option<&'i str>) {
        let (Self::Only(named) | Self::Except(named)) = self;
        for named in named {
            if let Named::Arn(arn) = named
                && let Some(id) = id_of(arn)
            {
                named.identify(id);
            }
        }
    }

    /// How closely they name who asks; `None` if the statement is not about it.
    ///
    /// `NotPrincipal` stands only in statements that deny, which spare who is named together with its account, and a session of a role
    /// only together with the role: "AWS might validate the account first, then the role, and then the assumed-role user". They spare
    /// nobody who has a permissions boundary ("IAM User Guide: AWS JSON policy elements: NotPrincipal").
    pub fn closeness(&self, principal: &Principal<'_>, has_boundary: bool) -> Option<Closeness> {
        match self {
            Self::Only(named) => named.iter().filter_map(|named| named.closeness(principal)).max(),
            Self::Except(named) => {
                let names = |closeness| named.iter().any(|named| named.closeness(principal) == Some(closeness));
                let spared = if principal.has_account() && principal.kind != PrincipalKind::Root {
                    let issuer = principal.issuer_arn.is_none() || names(Closeness::Issuer);
                    !has_boundary && names(Closeness::Direct) && issuer && names(Closeness::Account)
                } else {
                    names(Closeness::Direct)
                };
                (!spared).then_some(Closeness::Direct)
            }
        }
    }
}

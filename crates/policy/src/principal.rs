//! Who asks.

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
    /// Someone whom an identity provider knows and who is about to assume a role; `arn` names the provider.
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
    /// The unique identifier of the user or of the role (`AIDA...`, `AROA...`), which a policy names instead of an ARN after the one
    /// that it named was deleted; empty if there is none.
    pub unique_id: &'a str,
}

//! The hosts of a database's address, each with the settings of the whole: they are tried one after the other, each in a time of its own.
//!
//! The client does so too, but counts only the time until a host takes the connection. One that stands still takes it, and says nothing.

use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// The settings of a connection with one host each.
pub fn each_host(config: &Config) -> Vec<Config> {
    let addresses = config.get_hostaddrs();
    let many = config.get_hosts().len().max(addresses.len());
    let one = |at: usize| {
        let mut host = without_hosts(config);
        if let Some(address) = addresses.get(at) {
            host.hostaddr(*address);
        }
        match config.get_hosts().get(at) {
            Some(Host::Tcp(name)) => drop(host.host(name)),
            #[cfg(unix)]
            Some(Host::Unix(path)) => drop(host.host_path(path)),
            None => (),
        }
        // One port is meant for all hosts.
        if let Some(port) = config.get_ports().get(at).or(config.get_ports().first()) {
            host.port(*port);
        }
        host
    };
    // Who names no host finds out when connecting.
    if many == 0 { vec![config.clone()] } else { (0..many).map(one).collect() }
}

fn without_hosts(config: &Config) -> Config {
    let mut copy = Config::new();
    copy.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .channel_binding(config.get_channel_binding())
        .target_session_attrs(config.get_target_session_attrs())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle());
    if let Some(user) = config.get_user() {
        copy.user(user);
    }
    if let Some(password) = config.get_password() {
        copy.password(password);
    }
    if let Some(name) = config.get_dbname() {
        copy.dbname(name);
    }
    if let Some(options) = config.get_options() {
        copy.options(options);
    }
    if let Some(name) = config.get_application_name() {
        copy.application_name(name);
    }
    if let Some(timeout) = config.get_connect_timeout() {
        copy.connect_timeout(*timeout);
    }
    if let Some(timeout) = config.get_tcp_user_timeout() {
        copy.tcp_user_timeout(*timeout);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        copy.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        copy.keepalives_retries(retries);
    }
    copy
}

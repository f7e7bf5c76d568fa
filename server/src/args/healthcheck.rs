//! The command line of `sumward healthcheck`.

use clap::Args as Group;

/// How a running server is asked whether it is well.
#[derive(Debug, Clone, Group)]
pub struct Healthcheck {
    /// Ask whether the process lives (/healthz) instead of whether it serves (/readyz)
    #[arg(long)]
    pub live: bool,

    /// Ask at this address, whatever the settings say: IP:PORT, or unix:/path
    ///
    /// For a server whose socket systemd opened, of which the settings know the name alone.
    #[arg(long, value_name = "ADDRESS")]
    pub address: Option<String>,

    /// Speak TLS at --address
    #[arg(long, requires = "address")]
    pub tls: bool,
}

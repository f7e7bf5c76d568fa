//! The journal's socket: one datagram an entry, or, for a large one, a sealed file of
//! memory that is passed along.

use std::io::{self, IoSlice, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::net::{
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix, sendmsg_addr,
};

/// Sends entries to wherever the path leads at that moment: the journal may be started
/// anew.
#[derive(Debug)]
pub(super) struct Socket {
    socket: UnixDatagram,
    address: SocketAddrUnix,
}

impl Socket {
    /// Opens a socket of our own.
    ///
    /// # Errors
    /// There is none to be had, or the path is too long for one.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        // As large as libsystemd asks for; less is what the kernel gives to some.
        let _ = rustix::net::sockopt::set_socket_send_buffer_size(&socket, SEND_BUFFER_BYTES);
        Ok(Self {
            socket,
            address: SocketAddrUnix::new(path)?,
        })
    }

    /// Sends one entry. Blocks while the journal does not read.
    ///
    /// # Errors
    /// Nobody is there, or what the kernel says.
    pub(super) fn send(&self, entry: &[u8]) -> io::Result<()> {
        let mut none = SendAncillaryBuffer::default();
        let parts = [IoSlice::new(entry)];
        let sent = sendmsg_addr(
            &self.socket,
            &self.address,
            &parts,
            &mut none,
            SendFlags::empty(),
        );
        match sent {
            Ok(_) => Ok(()),
            Err(rustix::io::Errno::MSGSIZE | rustix::io::Errno::NOBUFS) => self.send_large(entry),
            Err(error) => Err(error.into()),
        }
    }

    fn send_large(&self, entry: &[u8]) -> io::Result<()> {
        let flags = MemfdFlags::ALLOW_SEALING | MemfdFlags::CLOEXEC;
        let memory = memfd_create("sumward-journal", flags)?;
        let mut file = std::fs::File::from(memory);
        file.write_all(entry)?;
        // The journal takes none that could change under it.
        let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL;
        fcntl_add_seals(&file, seals)?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut passed = SendAncillaryBuffer::new(&mut space);
        let files = [file.as_fd()];
        passed.push(SendAncillaryMessage::ScmRights(&files));
        sendmsg_addr(
            &self.socket,
            &self.address,
            &[],
            &mut passed,
            SendFlags::empty(),
        )?;
        Ok(())
    }
}

const SEND_BUFFER_BYTES: usize = 8 << 20;

//! Signals from outside.

use tokio::sync::mpsc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Leave; SIGTERM, SIGHUP.
    Terminate,
    /// Leave, too; SIGINT, which whoever shares the terminal gets as well.
    Interrupt,
    /// Give the terminal back and stop; SIGTSTP.
    Suspend,
    /// klamm was stopped by someone else and goes on; SIGCONT.
    Continue,
}

#[cfg(unix)]
pub fn listen() -> std::io::Result<mpsc::Receiver<Signal>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = mpsc::channel(8);
    // The numbers of SIGTSTP and SIGCONT differ between systems.
    let (stop, go_on) = if cfg!(any(target_os = "linux", target_os = "android")) { (20, 18) } else { (18, 19) };
    let kinds = [
        (SignalKind::terminate(), Signal::Terminate),
        (SignalKind::hangup(), Signal::Terminate),
        (SignalKind::interrupt(), Signal::Interrupt),
        (SignalKind::from_raw(stop), Signal::Suspend),
        (SignalKind::from_raw(go_on), Signal::Continue),
    ];
    for (kind, meaning) in kinds {
        let mut stream = signal(kind)?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                if sender.send(meaning).await.is_err() {
                    return;
                }
            }
        });
    }
    Ok(receiver)
}

#[cfg(not(unix))]
pub fn listen() -> std::io::Result<mpsc::Receiver<Signal>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if sender.send(Signal::Terminate).await.is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

/// Stops this process until the shell continues it.
///
/// SIGSTOP rather than SIGTSTP: the latter is ours to handle, and the kernel
/// drops it where no shell could ever continue the process.
#[cfg(unix)]
pub fn stop_here() {
    let command = format!("kill -STOP {}", std::process::id());
    if let Err(error) = std::process::Command::new("sh").args(["-c", &command]).status() {
        tracing::warn!(%error, "cannot suspend");
    }
}

/// Asks a process to end.
#[cfg(unix)]
pub fn end(id: u32) {
    if let Err(error) = std::process::Command::new("kill").args(["-TERM", &id.to_string()]).status() {
        tracing::warn!(%error, "cannot end the editor");
    }
}

#[cfg(not(unix))]
pub fn end(_id: u32) {}

#[cfg(not(unix))]
pub fn stop_here() {}

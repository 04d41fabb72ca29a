//! Profiles as the screen shows them: without secrets.

use crate::cluster::Cluster;
use crate::domain::Time;
use crate::domain::registry_context::RegistryContext;
use crate::profile::{Loaded, Mechanism, Profile};
use crate::tui::app::session::{ProfileCard, Session};

/// The saved profiles, and the one given on the command line if it is none of them.
pub fn cards(loaded: &Loaded, given: Option<&Profile>, read_only: bool) -> Vec<ProfileCard> {
    let mut cards: Vec<ProfileCard> = loaded
        .profiles
        .iter()
        .map(|profile| ProfileCard {
            name: profile.name.clone(),
            is_saved: true,
            brokers: profile.bootstrap.join(", "),
            registry: profile.registry.as_ref().map(|registry| registry.url.clone()),
            registry_context: profile.registry.as_ref().and_then(|registry| context(&registry.context)),
            security: security(profile.tls.is_some(), profile.sasl.as_ref().map(|sasl| sasl.mechanism)),
            colour: profile.colour.clone(),
            is_read_only: profile.read_only || read_only,
            is_production: profile.production,
            notes: profile.notes.clone(),
        })
        .collect();
    if let Some(profile) = given
        && !cards.iter().any(|card| card.name == profile.name)
    {
        cards.insert(0, card(profile));
    }
    cards
}

/// One that nobody has saved, as far as is known here.
pub fn card(profile: &Profile) -> ProfileCard {
    ProfileCard {
        name: profile.name.clone(),
        is_saved: false,
        brokers: profile.bootstrap.join(", "),
        registry: profile.registry.as_ref().map(|registry| registry.url.clone()),
        registry_context: profile.registry.as_ref().and_then(|registry| context(&registry.context)),
        security: security(profile.tls.is_some(), profile.sasl.as_ref().map(|sasl| sasl.mechanism)),
        colour: profile.colour.clone(),
        is_read_only: profile.read_only,
        is_production: profile.production,
        notes: profile.notes.clone(),
    }
}

fn context(context: &RegistryContext) -> Option<String> {
    (!context.is_default()).then(|| context.to_string())
}

fn security(has_tls: bool, mechanism: Option<Mechanism>) -> String {
    match (has_tls, mechanism) {
        (false, None) => "plaintext".into(),
        (true, None) => "TLS".into(),
        (false, Some(mechanism)) => format!("{}, no TLS", mechanism.name()),
        (true, Some(mechanism)) => format!("TLS, {}", mechanism.name()),
    }
}

/// The opened cluster as the screen shows it.
pub fn session(cluster: &Cluster, since: Time) -> Session {
    let profile = cluster.profile();
    Session {
        card: card(profile),
        access: cluster.access(),
        zone: profile.zone.clone(),
        since,
        is_demo: false,
        refresh: profile.refresh,
        formats: profile.formats.clone(),
        naming: profile.naming.clone(),
    }
}

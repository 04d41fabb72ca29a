//! What holds of every theme that is built in.

use super::colour::{Rgb, contrast, rgb};
use super::*;
use rstest::rstest;

const DEPTHS: [Depth; 4] = [Depth::True, Depth::Indexed, Depth::Sixteen, Depth::None];

fn all(depth: Depth) -> Vec<Theme> {
    let catalogue = Catalogue::default();
    catalogue.names().iter().map(|name| catalogue.theme(name, depth).unwrap().0).collect()
}

fn parts(colour: Option<Color>) -> Rgb {
    match colour {
        // A step of the cube and the grey ramp, as terminals draw them.
        Some(Color::Indexed(index @ 232..)) => (8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10),
        Some(Color::Indexed(index)) => {
            let step = |place: u8| if place == 0 { 0 } else { 55 + place * 40 };
            let cube = index - 16;
            (step(cube / 36), step(cube / 6 % 6), step(cube % 6))
        }
        Some(colour) => rgb(colour).unwrap(),
        None => panic!("no colour"),
    }
}

#[test]
fn there_are_six_and_each_names_every_role_without_a_warning() {
    let catalogue = Catalogue::default();
    assert_eq!(catalogue.names(), ["dark", "light", "high-contrast", "16-colours", "colour-blind", "monochrome"]);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("themes");
    for name in catalogue.names() {
        let text = std::fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap();
        let (given, warnings) = read::read(&[read::File { name: &name, text: &text }]);
        assert_eq!(warnings, Vec::<String>::new(), "{name}");
        for role in Role::ALL {
            assert!(given.iter().any(|(other, _)| *other == role), "{name} lacks {}", role.name());
        }
    }
}

#[test]
fn what_matters_looks_different_in_every_depth() {
    for depth in DEPTHS {
        for theme in all(depth) {
            for role in [Role::Selection, Role::Danger, Role::Warning, Role::Muted] {
                assert_ne!(theme.style(role), theme.style(Role::Text), "{} {depth:?} {role:?}", theme.name);
            }
        }
    }
}

/// WCAG 2 asks 4.5 of text; on the selected row, which is bold, 3.
#[rstest]
#[case::all_colours(Depth::True, 4.5, 3.0)]
#[case::two_hundred_and_fifty_six(Depth::Indexed, 4.0, 2.6)]
fn every_word_can_be_read(#[case] depth: Depth, #[case] least: f64, #[case] least_selected: f64) {
    for theme in all(depth).into_iter().filter(|theme| theme.name != "monochrome") {
        let canvas = theme.style(Role::Text).bg;
        let selection = theme.style(Role::Selection).bg;
        for role in Role::ALL {
            let style = theme.style(role);
            // Lines are not read, and the selection has the text's own colour.
            if matches!(role, Role::Border | Role::Selection) {
                continue;
            }
            let found = contrast(parts(style.fg), parts(style.bg.or(canvas)));
            assert!(found >= least, "{} {role:?}: {found:.1}", theme.name);
            if role != Role::OnAccent {
                let found = contrast(parts(style.fg), parts(selection));
                assert!(found >= least_selected, "{} {role:?} when selected: {found:.1}", theme.name);
            }
        }
    }
}

#[test]
fn with_sixteen_colours_what_matters_can_still_be_read() {
    for theme in all(Depth::Sixteen).into_iter().filter(|theme| theme.name != "monochrome") {
        let canvas = parts(theme.style(Role::Text).bg);
        for role in [Role::Text, Role::Muted, Role::Accent, Role::Danger, Role::Warning, Role::Success] {
            let style = theme.style(role);
            let found = contrast(parts(style.fg), canvas);
            assert!(found >= 3.0, "{} {role:?}: {found:.1}", theme.name);
        }
    }
}

/// A border that is drawn in a profile's colour is seen on every background.
#[test]
fn a_profiles_colour_is_in_the_frame_whatever_the_theme() {
    for theme in all(Depth::True).into_iter().filter(|theme| theme.name != "monochrome") {
        let canvas = parts(theme.style(Role::Text).bg);
        let usual = theme.frames(None);
        for colour in ["red", "yellow", "blue", "black", "white", "#808080"] {
            let (focus, rest) = theme.frames(Some(colour));
            assert_ne!((focus, rest), usual, "{} {colour}", theme.name);
            assert!(contrast(parts(focus.fg), canvas) >= 3.0, "{} {colour}", theme.name);
            assert!(contrast(parts(rest.fg), canvas) >= 1.5, "{} {colour}", theme.name);
        }
        assert_eq!(theme.frames(Some("glitter")), usual, "no colour at all");
    }
    let plain = Theme::built_in("dark", Depth::None);
    assert_eq!(plain.frames(Some("red")), plain.frames(None));
}

/// Fine, look and broken stay apart for those who do not see red or green, by
/// Viénot's simulation of both.
#[test]
fn without_red_or_green_the_colours_still_differ() {
    type Matrix = [[f64; 3]; 3];
    const PROTAN: Matrix = [[0.112, 0.888, 0.0], [0.112, 0.888, 0.0], [0.004, -0.004, 1.0]];
    const DEUTAN: Matrix = [[0.293, 0.707, 0.0], [0.293, 0.707, 0.0], [-0.021, 0.021, 1.0]];
    let seen = |matrix: &Matrix, colour: Rgb| -> Vec<f64> {
        let linear = [colour.0, colour.1, colour.2].map(|part| (f64::from(part) / 255.0).powf(2.2));
        let row = |row: &[f64; 3]| row.iter().zip(&linear).map(|(a, b)| a * b).sum::<f64>();
        matrix.iter().map(|weights| row(weights).clamp(0.0, 1.0).powf(1.0 / 2.2) * 255.0).collect()
    };
    let least = |theme: &Theme| {
        let colours = [Role::Success, Role::Warning, Role::Danger].map(|role| parts(theme.style(role).fg));
        let mut least = f64::MAX;
        for matrix in [PROTAN, DEUTAN] {
            for (index, one) in colours.iter().enumerate() {
                for other in colours.iter().skip(index + 1) {
                    let (a, b) = (seen(&matrix, *one), seen(&matrix, *other));
                    least = least.min(a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt());
                }
            }
        }
        least
    };
    let (own, dark) = (Theme::built_in("colour-blind", Depth::True), Theme::built_in("dark", Depth::True));
    assert!(least(&own) > 60.0 && least(&own) > 1.5 * least(&dark), "{} against {}", least(&own), least(&dark));
}

#[test]
fn without_colour_no_style_has_one() {
    for theme in all(Depth::None).into_iter().chain([Theme::built_in("monochrome", Depth::True)]) {
        for role in Role::ALL {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{} {}", theme.name, role.name());
        }
        let header = theme.profile(Some("red"));
        assert_eq!((header.fg, header.bg), (None, None));
    }
}

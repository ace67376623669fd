//! The plot of the docs: processor time by batch size, the sustained load, and cost against volume.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::money::{MANY, Volume};
use crate::report::Results;

type Fault = Box<dyn std::error::Error>;

const SIZE: (u32, u32) = (900, 1020);
const INK: RGBColor = RGBColor(0x1f, 0x4e, 0x79);
const OTHER: RGBColor = RGBColor(0xb4, 0x53, 0x09);

/// Draws it into an SVG file.
///
/// # Errors
/// When the file cannot be written.
pub fn draw(results: &Results, path: &Path) -> Result<(), Fault> {
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let title = format!(
        "payhook, {} on {}",
        &results.measured_at[..10],
        results.machine.processor
    );
    let root = root.titled(&title, ("sans-serif", 18))?;
    let parts = root.split_evenly((3, 1));
    if let [first, second, third] = parts.as_slice() {
        by_size(results, first)?;
        over_time(results, second)?;
        by_volume(results, third)?;
    }
    root.present()?;
    Ok(())
}

fn by_size(results: &Results, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Fault> {
    let points: Vec<(f64, f64)> = results
        .batches
        .iter()
        .map(|b| (b.records as f64, b.cpu_us_per_webhook))
        .collect();
    let top = points.iter().map(|point| point.1).fold(0.0, f64::max) * 1.1;
    let last = points.iter().map(|point| point.0).fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .caption(
            "Processor time of a webhook (µs) by webhooks in a batch",
            ("sans-serif", 15),
        )
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(60)
        .build_cartesian_2d((1.0..last).log_scale(), 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .draw()?;
    chart.draw_series(LineSeries::new(points.clone(), INK.stroke_width(2)))?;
    chart.draw_series(
        points
            .into_iter()
            .map(|point| Circle::new(point, 3, INK.filled())),
    )?;
    Ok(())
}

fn over_time(results: &Results, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Fault> {
    let sustained = &results.sustained;
    let lags: Vec<(f64, f64)> = sustained
        .curve
        .iter()
        .map(|second| (second.at as f64, second.lag_ms))
        .collect();
    let top = lags.iter().map(|point| point.1).fold(1.0, f64::max) * 1.2;
    let caption = format!(
        "Age of the oldest waiting webhook (ms), {} a second to one process on {} of a processor",
        sustained.per_second, sustained.share
    );
    let mut chart = ChartBuilder::on(area)
        .caption(caption, ("sans-serif", 15))
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..(sustained.seconds as f64), 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("seconds")
        .draw()?;
    chart.draw_series(LineSeries::new(lags, INK.stroke_width(2)))?;
    Ok(())
}

fn by_volume(results: &Results, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Fault> {
    let of = |value: fn(&Volume) -> f64| -> Vec<(f64, f64)> {
        let volumes = results.money.volumes.iter();
        volumes
            .filter(|volume| volume.providers == MANY)
            .map(|volume| (volume.per_second, value(volume)))
            .collect()
    };
    let ours = of(|volume| volume.usd_per_million);
    let by_request = of(|volume| volume.usd_per_million_by_request);
    let last = ours.iter().map(|point| point.0).fold(1.0, f64::max);
    let all = || ours.iter().chain(&by_request).map(|point| point.1);
    let (low, high) = (
        all().fold(f64::MAX, f64::min) * 0.8,
        all().fold(0.0, f64::max) * 1.3,
    );
    let mut chart = ChartBuilder::on(area)
        .caption(
            "USD per million webhooks by webhooks a second, list prices",
            ("sans-serif", 15),
        )
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(60)
        .build_cartesian_2d((1.0..last).log_scale(), (low..high).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (points, colour, name) in [
        (ours, INK, "payhook"),
        (by_request, OTHER, "a function a request"),
    ] {
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .border_style(BLACK.mix(0.3))
        .background_style(WHITE)
        .draw()?;
    Ok(())
}

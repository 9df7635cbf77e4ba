"""What is counted. One registry an application, so that two in one process do not mix."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody reads

_LATENCY = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """Every metric of the server; the names are what /metrics shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=self.registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(name, text, registry=self.registry)

        def histogram(name: str, text: str) -> Histogram:
            return Histogram(name, text, buckets=_LATENCY, registry=self.registry)

        self.frames_received = counter("frames_received_total", "Frames accepted from candidates.")
        self.frames_dropped = counter(
            "frames_dropped_total", "Frames replaced by a newer one before they were sampled."
        )
        self.frames_refused = counter("frames_refused_total", "Frames refused, by the code of the error.", "code")
        self.recording_frames = counter("recording_frames_total", "Frames given to the recordings.")
        self.recording_frames_dropped = counter(
            "recording_frames_dropped_total", "Frames that are missing in the recordings: the disk was slow or full."
        )
        self.recording_segments = counter("recording_segments_total", "Segments in the object store and the index.")
        self.video_segments = counter("video_segments_total", "Segments made into video.")
        self.video_segments_left_out = counter(
            "video_segments_left_out_total", "Segments that are a gap in a video: damaged, gone, or too much."
        )
        self.video_encoder_restarts = counter(
            "video_encoder_restarts_total", "Encoders of video replaced after a crash or a hang."
        )
        self.videos_forgotten = counter("videos_forgotten_total", "Videos deleted to make room for others.")
        self.deletions = counter("deletions_total", "Deletions of what was kept of a candidate, each with a receipt.")
        self.samples = counter("samples_total", "Frames that detection looked at.")
        self.samples_failed = counter(
            "samples_failed_total", "Samples that could not be decoded, or on which the detector failed."
        )
        self.photos_unusable = counter("photos_unusable_total", "Reference photos by which nobody can be told.")
        self.detector_restarts = counter("detector_restarts_total", "Workers replaced after a crash or a hang.")
        self.incidents = counter("incidents_total", "Incidents opened.", "kind")
        self.incidents_lost = counter(
            "incidents_lost_total", "Events for which there was room neither here nor on disk."
        )
        self.spooled = counter("spooled_rows_total", "Rows put into the spool because PostgreSQL was away.")
        self.thumbnails_skipped = counter("thumbnails_skipped_total", "Thumbnails not sent to a proctor who lags.")
        self.connections_dropped = counter(
            "connections_dropped_total", "Sockets that could not keep up and were closed."
        )
        self.provider_calls = counter(
            "provider_calls_total", "Calls to Dyte or RealtimeKit, by what came of them.", "provider", "outcome"
        )
        self.admissions_refused = counter(
            "provider_admissions_refused_total", "Video tokens not asked for, since too many were waited for."
        )
        self.provider_webhooks = counter(
            "provider_webhooks_total",
            "Webhooks of Dyte or RealtimeKit, by what was done with them.",
            "provider",
            "outcome",
        )
        self.recordings_open = gauge("recordings_open", "Recordings that grow.")
        self.recording_bytes_per_second = gauge("recording_bytes_per_second", "Measured rate of all recordings.")
        self.recording_segments_waiting = gauge(
            "recording_segments_waiting", "Segments that are complete and not yet in the object store."
        )
        self.videos_making = gauge("videos_making", "Videos of recordings that are being made, or wait for it.")
        self.video_bytes = gauge("video_bytes", "Bytes of the videos that are kept.")
        self.disk_free_bytes = gauge("disk_free_bytes", "Free bytes on the data folder's disk.")
        self.meetings_refused = counter("meetings_refused_total", "Meetings refused for want of room on the disk.")
        self.webhooks_delivered = counter("webhooks_delivered_total", "Events that other services took.")
        self.webhooks_failed = counter("webhooks_failed_total", "Events that were given up after two days.")
        self.webhooks_lost = counter("webhooks_lost_total", "Events for which there was no room.")
        self.webhooks_waiting = gauge("webhooks_waiting", "Events that are to be sent, now or later.")
        self.spool_bytes = gauge("spool_bytes", "Bytes that wait in the spool.")
        self.candidates = gauge("candidates_connected", "Candidates with a socket.")
        self.proctors = gauge("proctors_connected", "Proctors and reviewers with a socket.")
        self.pace_share = gauge("pace_share", "Share of the asked frames that candidates are told to send.")
        self.stretch = gauge("sample_interval_stretch", "Longest achieved sample interval over the asked one.")
        self.detection_seconds = histogram("detection_seconds", "Decoding and detection of one sample, in the worker.")
        self.alert_seconds = histogram("alert_seconds", "Confirming frame received to incident sent to the proctors.")

    def render(self) -> bytes:
        """The text format of Prometheus."""
        return generate_latest(self.registry)

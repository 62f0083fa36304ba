using System.ComponentModel.DataAnnotations;

namespace Media.Silo.Outbox;

/// <summary>Settings of events and of whom they are told, <c>Media:Events</c>. All processes on one database are to have the same.</summary>
public sealed class EventsOptions
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Media:Events";

    /// <summary>The CloudEvents <c>source</c>: a URI or a path. Two installations whose events meet somewhere need different ones.</summary>
    public string Source { get; set; } = "/media";

    /// <summary>Receivers by HTTP.</summary>
    public IList<WebhookOptions> Webhooks { get; init; } = [];

    /// <summary>The broker, if there is one.</summary>
    public RabbitMqOptions RabbitMq { get; set; } = new();

    /// <summary>
    /// How many events this process sends to one destination at once; those of one upload always go one after the other. 0: none, where other processes
    /// do the background work.
    /// </summary>
    [Range(0, 256, ErrorMessage = "Media:Events:Concurrency has to be 0 to 256.")]
    public int Concurrency { get; set; } = 8;

    /// <summary>How long a destination may take to answer. Longer suits receivers that work before they answer, and has a dead one hold more up.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:02:00", ErrorMessage = "Media:Events:Timeout has to be 0.1 s to 2 min.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The pause after a first failure, give or take a fifth; it doubles with each further one.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00", ErrorMessage = "Media:Events:FirstPause has to be 1 ms to 1 h.")]
    public TimeSpan FirstPause { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest pause after a failure, also where the receiver's <c>Retry-After</c> asks for more.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00", ErrorMessage = "Media:Events:LongestPause has to be 1 ms to 1 day.")]
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long after its first try a delivery is tried a last time, and becomes a dead letter if that fails too.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "30.00:00:00", ErrorMessage = "Media:Events:GiveUpAfter has to be 1 ms to 30 days.")]
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// How long events are kept after they were delivered. Not under a day, as what writes events looks there for what has happened already. Dead letters are
    /// kept until somebody retries or dismisses them.
    /// </summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00", ErrorMessage = "Media:Events:Retention has to be 1 day to 10 years.")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How long no process may have had a destination in its settings before its waiting deliveries become dead letters. Longer than it takes to give all
    /// processes new settings.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00", ErrorMessage = "Media:Events:ForgetAfter has to be 1 s to 30 days.")]
    public TimeSpan ForgetAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How often to look for events unasked. New ones wake the process by themselves; this is for notifications that were lost.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00", ErrorMessage = "Media:Events:PollInterval has to be 10 ms to 10 min.")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(10);
}

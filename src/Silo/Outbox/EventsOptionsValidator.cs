using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Media.Silo.Outbox;

/// <summary>Checks what attributes cannot; messages name the setting, and never a secret's value.</summary>
internal sealed partial class EventsOptionsValidator : IValidateOptions<EventsOptions>
{
    private const string HowToMakeOne = "Make one by: echo whsec_$(openssl rand -base64 32)";

    public ValidateOptionsResult Validate(string? name, EventsOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        Check(IsUriReference(options.Source), $"{EventsOptions.Section}:Source", "has to be a URI or a path without spaces");
        Check(options.LongestPause >= options.FirstPause, $"{EventsOptions.Section}:LongestPause", "has to be FirstPause or more");
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Webhooks.Count; i++) CheckWebhook(options.Webhooks[i], $"{EventsOptions.Section}:Webhooks:{i}", names);
        if (options.RabbitMq.IsSet) CheckRabbitMq(options.RabbitMq, $"{EventsOptions.Section}:RabbitMq");
        return result.Build();

        void CheckWebhook(WebhookOptions webhook, string at, HashSet<string> taken)
        {
            Check(NameForm().IsMatch(webhook.Name) && webhook.Name != Destination.RabbitMq, $"{at}:Name", "has to be 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit, and not rabbitmq");
            Check(taken.Add(webhook.Name), $"{at}:Name", "is another webhook's already");
            if (!Uri.TryCreate(webhook.Url, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
                result.AddError($"{at}:Url has to be an https:// address.");
            else
                CheckUrl(webhook, url, at);
            Check(WebhookSecret.Parse(webhook.Secret) is not null, $"{at}:Secret", $"has to be whsec_ and the base64 of 24 to 64 random bytes. {HowToMakeOne}");
            Check(
                string.IsNullOrEmpty(webhook.PreviousSecret) || WebhookSecret.Parse(webhook.PreviousSecret) is not null,
                $"{at}:PreviousSecret", "has to be whsec_ and the base64 of 24 to 64 random bytes, or left out");
            CheckTypes(webhook.Types, at);
        }

        void CheckUrl(WebhookOptions webhook, Uri url, string at)
        {
            Check(
                url.Scheme == Uri.UriSchemeHttps || url.IsLoopback || webhook.AllowHttp,
                $"{at}:Url", $"has to be https:// unless it is on this machine. Where the way there is safe, set {at}:AllowHttp");
            Check(url.UserInfo.Length == 0, $"{at}:Url", "must not have a user or password in it. Receivers know us by the signature");
            Check(url.Fragment.Length == 0, $"{at}:Url", "must not have a fragment (#)");
        }

        void CheckRabbitMq(RabbitMqOptions rabbit, string at)
        {
            Check(string.IsNullOrEmpty(rabbit.Uri) || string.IsNullOrEmpty(rabbit.Host), $"{at}:Uri", "and Host are both set. One is enough");
            Check(
                string.IsNullOrEmpty(rabbit.Uri) || (Uri.TryCreate(rabbit.Uri, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps"),
                $"{at}:Uri", "has to be amqp://user:password@host:port/vhost, or amqps://");
            Check(rabbit.Port is >= 0 and <= 65_535, $"{at}:Port", "has to be 0 to 65535");
            Check(Encoding.UTF8.GetByteCount(rabbit.Exchange) is > 0 and <= 255, $"{at}:Exchange", "has to have 1 to 255 bytes");
            Check(RoutingKeyForm().IsMatch(rabbit.RoutingKey), $"{at}:RoutingKey", "has to be up to 128 of a-z, A-Z, 0-9, point, hyphen, _, and the placeholders {type} and {subject}");
            CheckTypes(rabbit.Types, at);
        }

        void CheckTypes(IList<string> types, string at)
        {
            for (var i = 0; i < types.Count; i++)
                Check(EventFilter.IsWellFormed(types[i]), $"{at}:Types:{i}", "has to be a type of events, such as upload.verified or upload.*");
        }

        void Check(bool holds, string setting, string complaint)
        {
            if (!holds) result.AddError($"{setting} {complaint}.");
        }
    }

    private static bool IsUriReference(string? text) =>
        !string.IsNullOrEmpty(text) && Uri.IsWellFormedUriString(text, UriKind.RelativeOrAbsolute);

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NameForm();

    [GeneratedRegex(@"\A(?:[A-Za-z0-9._-]|\{type\}|\{subject\}){1,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex RoutingKeyForm();
}

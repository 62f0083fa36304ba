using System.Globalization;

namespace Media.DevStorage;

/// <summary>The command line, and the environment variables <c>Storage__…</c> behind it.</summary>
internal static class CommandLine
{
    public const string Usage = """
        usage: Media.DevStorage --data DIR [--port N] [--host ADDRESS] [--region NAME]
                 [--access-key ID --secret-key SECRET] [--key ID:SECRET]... [--domain NAME]...
                 [--day DURATION] [--webhook URL] [--webhook-for ARN=URL]... [--admin-token TOKEN] [--no-fsync]

          --data         folder that holds everything (made when missing)
          --port         TCP port; 0 (default) takes a free one, which the line "ready http://…" tells
          --access-key, --secret-key   the first pair of credentials (default media, media-development)
          --key          a further pair, with buckets of its own
          --domain       host name below which the first label is a bucket (default localhost)
          --day          how long a lifecycle day lasts, e.g. 00:00:10 (default a day)
          --webhook      where event notifications are posted; --webhook-for names one destination's
          --admin-token  turns the fault switch at /_admin/faults on, for requests with this bearer token
          --no-fsync     don't wait for the disk: faster where it is slow, and safe against kill -9 but not against a power cut
        """;

    /// <exception cref="FormatException">An option is unknown, incomplete or malformed.</exception>
    public static DevStorageOptions Parse(string[] args)
    {
        var options = new DevStorageOptions();
        new ConfigurationBuilder().AddEnvironmentVariables().Build().GetSection("Storage").Bind(options);
        string accessKey = "media", secretKey = "media-development";
        var named = options.Keys.Count == 0;
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] is "--no-fsync")
            {
                options.Fsync = false;
                continue;
            }

            var name = args[i];
            var value = i + 1 < args.Length ? args[++i] : throw new FormatException($"{name} is unknown, or needs a value");
            switch (name)
            {
                case "--data":
                    options.Data = value;
                    break;
                case "--host":
                    options.Host = value;
                    break;
                case "--port":
                    options.Port = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= ushort.MaxValue
                        ? port
                        : throw new FormatException($"--port {value} is not a port");
                    break;
                case "--region":
                    options.Region = value;
                    break;
                case "--access-key":
                    (accessKey, named) = (value, true);
                    break;
                case "--secret-key":
                    (secretKey, named) = (value, true);
                    break;
                case "--key":
                    var colon = value.IndexOf(':', StringComparison.Ordinal);
                    if (colon <= 0)
                        throw new FormatException("--key wants ID:SECRET");
                    options.Keys.Add(new DevStorageKey { Id = value[..colon], Secret = value[(colon + 1)..] });
                    break;
                case "--domain":
                    options.Domains.Add(value);
                    break;
                case "--day":
                    options.Day = TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out var day) && day > TimeSpan.Zero
                        ? day
                        : throw new FormatException($"--day {value} is not a duration");
                    break;
                case "--webhook":
                    options.Webhook = new Uri(value);
                    break;
                case "--webhook-for":
                    var equals = value.LastIndexOf("=http", StringComparison.Ordinal);
                    if (equals <= 0)
                        throw new FormatException("--webhook-for wants ARN=URL");
                    options.Webhooks[value[..equals]] = new Uri(value[(equals + 1)..]);
                    break;
                case "--admin-token":
                    options.AdminToken = value;
                    break;
                default:
                    throw new FormatException($"unknown option {name}");
            }
        }

        if (options.Data.Length == 0)
            throw new FormatException("--data is missing");
        if (named)
            options.Keys.Insert(0, new DevStorageKey { Id = accessKey, Secret = secretKey });
        return options;
    }
}

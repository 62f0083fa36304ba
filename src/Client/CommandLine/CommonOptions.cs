using System.CommandLine;
using Media.Client;

namespace Media.CommandLine;

/// <summary>The options that every command has.</summary>
internal sealed class CommonOptions
{
    private readonly Option<string?> _server = new("--server")
    {
        Description = "The server's address. Default: MEDIA_SERVER, else http://127.0.0.1:5080 (the port from MEDIA_PORT).",
        HelpName = "URL",
        Recursive = true,
    };

    private readonly Option<string?> _key = new("--key")
    {
        Description = "The API key. Default: MEDIA_API_KEY, which other users of this machine can't see.",
        HelpName = "API-KEY",
        Recursive = true,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Write one JSON object a line to standard output.", Recursive = true };

    public CommonOptions()
    {
        _server.Validators.Add(result =>
        {
            if (AddressOf(result.GetValueOrDefault<string?>()) is null)
                result.AddError("--server, or MEDIA_SERVER, is not an http or https address.");
        });
        _key.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } key && !IsKey(key))
                result.AddError("--key is not an API key.");
        });
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_server);
        command.Options.Add(_key);
        command.Options.Add(_json);
    }

    public bool Json(ParseResult arguments) => arguments.GetValue(_json);

    /// <summary>The client of the named server, or the reason that there is none, told on standard error.</summary>
    public MediaClient? Connect(ParseResult arguments, HttpClient http, out int exitCode)
    {
        exitCode = ExitCode.Ok;
        if (AddressOf(arguments.GetValue(_server)) is not { } server)
        {
            Console.Error.WriteLine("media: MEDIA_SERVER, or MEDIA_PORT, does not make an http or https address.");
            exitCode = ExitCode.Usage;
            return null;
        }

        var key = arguments.GetValue(_key) ?? Environment.GetEnvironmentVariable("MEDIA_API_KEY");
        if (string.IsNullOrEmpty(key))
        {
            Console.Error.WriteLine($"media: no API key for {server}. Set MEDIA_API_KEY, or give --key API-KEY; a local server's key is the one it was started with.");
            exitCode = ExitCode.NotAuthorised;
            return null;
        }

        if (!IsKey(key))
        {
            Console.Error.WriteLine("media: MEDIA_API_KEY is not an API key.");
            exitCode = ExitCode.Usage;
            return null;
        }

        return new MediaClient(http, new MediaClientOptions { Server = server, Key = key });
    }

    private static Uri? AddressOf(string? given)
    {
        given ??= Environment.GetEnvironmentVariable("MEDIA_SERVER") is { Length: > 0 } server ? server : null;
        given ??= "http://127.0.0.1:" + (Environment.GetEnvironmentVariable("MEDIA_PORT") is { Length: > 0 } port ? port : "5080");
        return Uri.TryCreate(given, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https") && address.Host.Length > 0 ? address : null;
    }

    private static bool IsKey(string key) => key.Length > 0 && !key.AsSpan().ContainsAnyExceptInRange('!', '~');
}

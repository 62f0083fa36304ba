using System.CommandLine;
using Media.Client;
using Media.Client.Uploading;

namespace Media.CommandLine;

/// <summary><c>media upload FILE…</c></summary>
internal static class UploadCommand
{
    private const int LongestLink = 7 * 24 * 3600;

    public static Command Create(CommonOptions common)
    {
        var files = new Argument<string[]>("FILE") { Description = "Files to upload.", Arity = ArgumentArity.OneOrMore };
        var partSize = new Option<string?>("--part-size") { Description = "Size of a part, a multiple of 4 MiB, such as 16MiB. Default: the server's choice.", HelpName = "SIZE" };
        var parallel = new Option<int>("--parallel") { Description = "How many parts are sent at once, over all files.", HelpName = "N", DefaultValueFactory = _ => 5 };
        var contentType = new Option<string?>("--content-type") { Description = "The files' media type. Default: by extension.", HelpName = "TYPE" };
        var takeOver = new Option<bool>("--take-over") { Description = "Take an upload over that another client is holding." };
        var retryFor = new Option<int>("--retry-for") { Description = "How long to try again while server or store fail, in seconds.", HelpName = "SECONDS", DefaultValueFactory = _ => 300 };
        var noWait = new Option<bool>("--no-wait") { Description = "End when the files are stored, before the server has verified them." };
        var linkSeconds = new Option<int>("--link-seconds")
        {
            Description = "How long the link that --json tells is good for; 0 for none.", HelpName = "SECONDS", DefaultValueFactory = _ => 3600,
        };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Show no progress." };
        partSize.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !Sizes.TryParse(text, out _))
                result.AddError("--part-size is a size, such as 16MiB.");
        });
        parallel.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 64)
                result.AddError("--parallel is 1 to 64.");
        });
        retryFor.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 86400)
                result.AddError("--retry-for is 0 to 86400 seconds.");
        });
        linkSeconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > LongestLink)
                result.AddError("--link-seconds is 0 to 604800 seconds.");
        });

        var command = new Command("upload", "Upload files. A file whose upload was cut off goes on where it was: run the same command again.")
        {
            files, partSize, parallel, contentType, takeOver, retryFor, noWait, linkSeconds, quiet,
        };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            using var http = MediaClient.CreateHttpClient();
            if (common.Connect(arguments, http, out var refused) is not { } client)
                return refused;
            var outage = TimeSpan.FromSeconds(arguments.GetValue(retryFor));
            var options = new UploaderOptions
            {
                ClientId = ProcessIdentity.ClientId,
                Parallelism = arguments.GetValue(parallel),
                PartSize = arguments.GetValue(partSize) is { } text && Sizes.TryParse(text, out var size) ? size : null,
                OutageLimit = outage,
                WaitForVerification = !arguments.GetValue(noWait),
                LinkLifetime = common.Json(arguments) && arguments.GetValue(linkSeconds) is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null,
                OnLocked = problem => arguments.GetValue(takeOver) || ProcessIdentity.IsGone(problem.Holder) ? LockDecision.TakeOver : LockDecision.Wait,
            };
            using var store = Uploader.CreateStoreClient();
            using var uploader = new Uploader(client, store, options);
            await using var display = new ProgressDisplay(arguments.GetValue(quiet));
            var run = new UploadRun(uploader, display, common.Json(arguments), arguments.GetValue(contentType));
            return await run.RunAsync(arguments.GetValue(files)!, options.Parallelism, cancellationToken);
        });
        return command;
    }
}

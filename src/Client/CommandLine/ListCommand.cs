using System.CommandLine;
using System.Globalization;
using Media.Client;

namespace Media.CommandLine;

/// <summary><c>media ls</c></summary>
internal static class ListCommand
{
    private const int PageLimit = 1000;

    public static Command Create(CommonOptions common)
    {
        var state = new Option<string?>("--state")
        {
            Description = "Only uploads in this state: active, done, or a state such as Stored.",
            HelpName = "STATE",
        };
        var limit = new Option<int>("--limit") { Description = "How many at most, newest first.", HelpName = "N", DefaultValueFactory = _ => 100 };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--limit is 1 or more.");
        });
        var command = new Command("ls", "List your uploads, newest first.") { state, limit };
        command.SetAction((arguments, cancellationToken) => ServerCall.RunAsync(common, arguments, async client =>
        {
            var left = arguments.GetValue(limit);
            string? after = null;
            do
            {
                var page = await client.ListUploadsAsync(arguments.GetValue(state), after, Math.Min(left, PageLimit), cancellationToken);
                foreach (var upload in page.Uploads.Take(left))
                    Write(upload, common.Json(arguments));
                left -= page.Uploads.Count;
                after = page.Uploads.Count == 0 ? null : page.Next;
            }
            while (after is not null && left > 0);
            return ExitCode.Ok;
        }));
        return command;
    }

    private static void Write(Upload upload, bool json)
    {
        if (json)
        {
            JsonLines.Write(upload, JsonLines.SparseForms.Upload);
            return;
        }

        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{upload.Tag}  {upload.State,-10}  {(upload.Size is { } size ? Sizes.Bytes(size) : "-"),10}  {upload.CreatedAt:yyyy-MM-dd HH:mm}  {Printable.Of(upload.FileName ?? "")}"));
    }
}

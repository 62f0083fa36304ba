using System.CommandLine;
using System.Globalization;
using Media.Client;

namespace Media.CommandLine;

/// <summary><c>media files</c></summary>
internal static class FilesCommand
{
    private const int PageLimit = 1000;

    public static Command Create(CommonOptions common)
    {
        var name = new Option<string?>("--name") { Description = "Only files whose name contains this, whatever the case.", HelpName = "TEXT" };
        var type = new Option<string?>("--type") { Description = "Only files of this media type, such as image/png or image/*.", HelpName = "TYPE" };
        var hash = new Option<string?>("--hash") { Description = "Only files with this tip hash or piece hash.", HelpName = "HASH" };
        var limit = new Option<int>("--limit") { Description = "How many at most, newest first.", HelpName = "N", DefaultValueFactory = _ => 100 };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--limit is 1 or more.");
        });
        var command = new Command("files", "List the files in the catalog, newest first.") { name, type, hash, limit };
        command.SetAction((arguments, cancellationToken) => ServerCall.RunAsync(common, arguments, async client =>
        {
            var left = arguments.GetValue(limit);
            var query = new FileQuery { Name = arguments.GetValue(name), Type = arguments.GetValue(type), Hash = arguments.GetValue(hash) };
            while (left > 0)
            {
                var page = await client.ListFilesAsync(query with { Limit = Math.Min(left, PageLimit) }, cancellationToken);
                foreach (var file in page.Files.Take(left))
                    Write(file, common.Json(arguments));
                left -= page.Files.Count;
                if (page.Next is null || page.Files.Count == 0)
                    break;
                query = query with { After = page.Next };
            }

            return ExitCode.Ok;
        }));
        return command;
    }

    private static void Write(CatalogFile file, bool json)
    {
        if (json)
        {
            JsonLines.Write(file, JsonLines.SparseForms.CatalogFile);
            return;
        }

        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{file.Id}  {Sizes.Bytes(file.Size),10}  {file.FiledAt ?? file.StoredAt:yyyy-MM-dd HH:mm}  {Printable.Of(file.DetectedType ?? file.ContentType ?? "-"),-24}  {Printable.Of(file.FileName)}"));
    }
}

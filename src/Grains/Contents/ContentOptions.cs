namespace Media.Grains.Contents;

/// <summary>Settings of contents, <c>Media:Content</c>.</summary>
public sealed class ContentOptions
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Media:Content";

    /// <summary>How long a content stays after its last file was deleted. Longer lets the same file come back without an upload, and costs storage.</summary>
    public TimeSpan DeletionGrace { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How long other uploads of the same content wait for one that promotes it, before one of them does it too. That costs a copy, and nothing else.</summary>
    public TimeSpan PromotionPatience { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a client has to prove that it has a file which is stored already. It reads up to half a mebibyte of it.</summary>
    public TimeSpan ChallengeLifetime { get; set; } = TimeSpan.FromMinutes(10);
}

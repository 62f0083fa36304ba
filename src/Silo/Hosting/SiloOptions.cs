using System.ComponentModel.DataAnnotations;

namespace Media.Silo.Hosting;

/// <summary>Settings of the silo itself, <c>Media:Silo</c>.</summary>
public sealed class SiloOptions
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Media:Silo";

    /// <summary>
    /// Embedded runtime: whether no other process uses the database. Grains then trust the state in their memory and save a read per call, and nobody else
    /// is told of changes. Two processes that both say so are still never wrong about what they write, but may answer from old states, and hear of each
    /// other's changes late.
    /// </summary>
    public bool OnlyProcess { get; set; }

    /// <summary>Orleans: the cluster that this silo joins. One deployment has one.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Media:Silo:ClusterId is not set.")]
    public string ClusterId { get; set; } = "media";

    /// <summary>Orleans: the service that the cluster runs, the same across deployments.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Media:Silo:ServiceId is not set.")]
    public string ServiceId { get; set; } = "media";

    /// <summary>Orleans: the port where other silos find this one.</summary>
    [Range(1, 65_535, ErrorMessage = "Media:Silo:SiloPort has to be 1 to 65535.")]
    public int SiloPort { get; set; } = 11_111;

    /// <summary>Orleans: the port where clients find this silo.</summary>
    [Range(0, 65_535, ErrorMessage = "Media:Silo:GatewayPort has to be 0 to 65535.")]
    public int GatewayPort { get; set; } = 30_000;
}
